package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	c, _ := db.Conn(ctx)
	c.ExecContext(ctx, "SET TimeZone='UTC'")
	s := bufio.NewScanner(os.Stdin)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		q := s.Text()
		if q == "" {
			continue
		}
		t := time.Now()
		rows, err := c.QueryContext(ctx, q)
		fmt.Println(">", q)
		if err != nil {
			fmt.Println("   ERR", err)
			continue
		}
		cols, _ := rows.Columns()
		ct, _ := rows.ColumnTypes()
		for rows.Next() {
			v := make([]any, len(cols))
			p := make([]any, len(cols))
			for i := range v {
				p[i] = &v[i]
			}
			if err := rows.Scan(p...); err != nil {
				fmt.Println("   SCANERR", err)
				break
			}
			for i := range v {
				fmt.Printf("   %v(%s)", v[i], ct[i].DatabaseTypeName())
			}
			fmt.Println()
		}
		if rows.Err() != nil {
			fmt.Println("   ERR", rows.Err())
		}
		rows.Close()
		if d := time.Since(t); d > 50*time.Millisecond {
			fmt.Println("   took", d)
		}
	}
}

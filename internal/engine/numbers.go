package engine

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// CreateNumbers makes a table of so many rows of whole numbers, in place of one of that name: at gives the number in a row and a column, and is called from several
// goroutines at once. It adds tens of millions of numbers a second, which an Appender does not.
func (db *DB) CreateNumbers(ctx context.Context, table string, columns []string, rows int, at func(row, column int) int64) error {
	n := &numbers{columns: columns, rows: int64(rows), at: at}
	return db.Exec(context.WithValue(ctx, numbersKey{}, n), sqlgen.Format("CREATE OR REPLACE TABLE {table} AS SELECT {columns} FROM "+numbersFunction+"()",
		sqlgen.Args{"table": sqlgen.Name(table), "columns": sqlgen.Names(columns...)}))
}

// numbersFunction is the function of the engine that gives the rows. What they are is in the context of the query, as the engine knows the function for all.
const numbersFunction = "kith_numbers"

type numbersKey struct{}

// numbers are the rows of one query.
type numbers struct {
	columns []string
	rows    int64
	next    atomic.Int64
	at      func(row, column int) int64
}

func registerNumbers(ctx context.Context, db *DB) error {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return Classify("prepare writing numbers", err)
	}
	defer func() { _ = conn.Close() }()
	return Classify("prepare writing numbers", duckdb.RegisterTableUDF(conn, numbersFunction, duckdb.ParallelChunkTableFunction{
		BindArgumentsContext: func(ctx context.Context, _ map[string]any, _ ...any) (duckdb.ParallelChunkTableSource, error) {
			if n, ok := ctx.Value(numbersKey{}).(*numbers); ok {
				return n, nil
			}
			return nil, fault.New(fault.Internal, "nobody gives the numbers of this query")
		},
	}))
}

// ColumnInfos is for the engine.
func (n *numbers) ColumnInfos() []duckdb.ColumnInfo {
	whole, err := duckdb.NewTypeInfo(duckdb.TYPE_BIGINT)
	if err != nil {
		return nil // it can't be: the engine has the type
	}
	out := make([]duckdb.ColumnInfo, len(n.columns))
	for i, name := range n.columns {
		out[i] = duckdb.ColumnInfo{Name: name, T: whole}
	}
	return out
}

// Cardinality is for the engine.
func (n *numbers) Cardinality() *duckdb.CardinalityInfo {
	return &duckdb.CardinalityInfo{Cardinality: uint(n.rows), Exact: true}
}

// Init is for the engine.
func (n *numbers) Init() duckdb.ParallelTableSourceInfo {
	return duckdb.ParallelTableSourceInfo{MaxThreads: runtime.GOMAXPROCS(0)}
}

// NewLocalState is for the engine.
func (n *numbers) NewLocalState() any { return nil }

// FillChunk is for the engine.
func (n *numbers) FillChunk(_ any, chunk duckdb.DataChunk) error {
	size := int64(duckdb.GetDataChunkCapacity())
	from := n.next.Add(size) - size
	size = max(0, min(size, n.rows-from))
	for c := range n.columns {
		for i := range size {
			if err := duckdb.SetChunkValue(chunk, c, int(i), n.at(int(from+i), c)); err != nil {
				return err
			}
		}
	}
	return chunk.SetSize(int(size))
}

package engine

import (
	"context"
	"sync"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Batch is some of the rows of a query whose columns are all texts. It is valid only while it is handed over.
type Batch struct {
	rows    int
	columns []duckdb.VectorView[string]
}

// Len is the number of rows.
func (b *Batch) Len() int { return b.rows }

// Text is a value, which has to be copied to be kept; empty for NULL.
func (b *Batch) Text(column, row int) string {
	s, _, _ := b.columns[column].GetValueBorrowed(row) // which errs only for rows that there are not
	return s
}

// Batches hands over the rows of a query whose columns are all texts, in any order and from several goroutines at once: many times faster than Rows,
// as no value is copied. The first error of take ends the query and is returned as it is.
func (db *DB) Batches(ctx context.Context, q sqlgen.Query, take func(*Batch) error) error {
	t := &taker{take: take}
	// The count makes the engine call the function for each row.
	var rows int64
	err := db.Row(context.WithValue(ctx, takerKey{}, t), sqlgen.Format("SELECT count("+handOver+"(*COLUMNS(*))) FROM ({q})", sqlgen.Args{"q": q}), &rows)
	if t.err != nil {
		return t.err
	}
	return err
}

// taker of the batches of one query. Its place is the context of the query, as the engine knows the function for all queries.
type taker struct {
	take func(*Batch) error
	once sync.Once
	err  error
}

type takerKey struct{}

// handOver is the function of the engine that hands rows over.
const handOver = "kith_hand_over"

// handing over is a scalar function of any number of texts.
type handing struct{ text, result duckdb.TypeInfo }

func registerHandOver(ctx context.Context, db *DB) error {
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return Classify("prepare reading in batches", err)
	}
	result, err := duckdb.NewTypeInfo(duckdb.TYPE_BOOLEAN)
	if err != nil {
		return Classify("prepare reading in batches", err)
	}
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return Classify("prepare reading in batches", err)
	}
	defer func() { _ = conn.Close() }()
	return Classify("prepare reading in batches", duckdb.RegisterScalarUDF(conn, handOver, &handing{text, result}))
}

// Config is for the engine: NULL is a value as any other, and no call may be spared.
func (h *handing) Config() duckdb.ScalarFuncConfig {
	return duckdb.ScalarFuncConfig{VariadicTypeInfo: h.text, ResultTypeInfo: h.result, Volatile: true, SpecialNullHandling: true}
}

// Executor is for the engine.
func (h *handing) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{
		ChunkContextExecutor: func(ctx context.Context, rows *duckdb.ChunkIteratorState) error {
			return handChunk(ctx, rows.GetInputChunk())
		},
		ScalarBinder: func(ctx context.Context, _ []duckdb.ScalarUDFArg) (context.Context, error) { return ctx, nil },
	}
}

// handChunk to the taker of the query.
func handChunk(ctx context.Context, chunk *duckdb.DataChunk) error {
	t, ok := ctx.Value(takerKey{}).(*taker)
	if !ok {
		return fault.New(fault.Internal, "nobody takes the rows of this query")
	}
	b := Batch{rows: chunk.GetSize(), columns: make([]duckdb.VectorView[string], chunk.ColumnCount())}
	for i := range b.columns {
		v, err := chunk.GetVector(i)
		if err != nil {
			return err
		}
		if b.columns[i], err = duckdb.GetVectorView[string](v); err != nil {
			return err
		}
	}
	err := t.take(&b)
	if err != nil {
		t.once.Do(func() { t.err = err })
	}
	return err
}

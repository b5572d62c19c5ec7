package retail

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

const tillBatch = 1 << 14

var tillMoney = &arrow.Decimal128Type{Precision: 18, Scale: 4}

var tillSchema = arrow.NewSchema([]arrow.Field{
	{Name: "거래행번호", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "거래번호", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "카드번호", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "상품코드", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "수량", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "금액", Type: tillMoney, Nullable: true},
	{Name: "원가", Type: tillMoney, Nullable: true},
	{Name: "할인액", Type: tillMoney, Nullable: true},
	{Name: "환불액", Type: tillMoney, Nullable: true},
	{Name: "통화", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "거래일시", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, Nullable: true},
	{Name: "매장", Type: arrow.BinaryTypes.String, Nullable: true},
}, nil)

// till writes the receipts of the tills as Parquet, in batches.
type till struct {
	*file
	parquet *pqarrow.FileWriter
	batch   *array.RecordBuilder
	rows    int
}

func newTill(dir, name string) (*till, error) {
	f, err := create(dir, name)
	if err != nil {
		return nil, err
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithCreatedBy("datagen"))
	// The writer must not close the file: file.close does, and reports its error.
	w, err := pqarrow.NewFileWriter(tillSchema, &writeOnly{f}, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	return &till{file: f, parquet: w, batch: array.NewRecordBuilder(memory.DefaultAllocator, tillSchema)}, nil
}

// writeOnly hides everything of a file but Write.
type writeOnly struct{ f *file }

func (w *writeOnly) Write(b []byte) (int, error) {
	w.f.write(b)
	return len(b), w.f.err
}

// receipt adds a line; an empty card is a customer who showed none.
func (t *till) receipt(l *line, card string, refunded int64) {
	t.text(0, l.id)
	t.text(1, l.order)
	t.text(2, card)
	t.text(3, l.sku)
	t.batch.Field(4).(*array.Int32Builder).Append(int32(l.quantity))
	for i, v := range []int64{l.amount, l.cost, l.discount, refunded} {
		t.batch.Field(5 + i).(*array.Decimal128Builder).Append(decimal128.FromI64(v))
	}
	t.text(9, "KRW")
	t.batch.Field(10).(*array.TimestampBuilder).AppendTime(time.Unix(l.time, 0))
	t.text(11, "강남점")
	if t.rows++; t.rows%tillBatch == 0 {
		t.flush()
	}
}

func (t *till) text(field int, v string) {
	b := t.batch.Field(field).(*array.StringBuilder)
	if v == "" {
		b.AppendNull()
		return
	}
	b.Append(v)
}

func (t *till) flush() {
	record := t.batch.NewRecordBatch()
	defer record.Release()
	if record.NumRows() > 0 {
		t.fail(t.parquet.Write(record))
	}
}

func (t *till) close() error {
	t.flush()
	t.fail(t.parquet.Close())
	t.batch.Release()
	return t.file.close()
}

package record

import "context"

// Source is where the rows of a DataSource come from. Connectors implement it.
type Source interface {
	// Describe is a text that is equal for two declarations that read the same rows in the same way. It holds no secret.
	Describe() string
	// Plan looks at what is there, cheaply, and says what is to be read. It is also how a run is found to be due.
	Plan(ctx context.Context, req Request) (Reading, error)
}

// Reading is one pass over a Source. It is for one goroutine.
type Reading interface {
	// Changed reports whether there is anything that the state asked with has not seen.
	Changed() bool
	// Next gives the next rows, and io.EOF after the last ones. An error means that the pass as a whole is worth nothing.
	Next(ctx context.Context) (*Batch, error)
	// Reread are the values of Row.File whose rows, if a run before read some, this pass reads all over again.
	Reread() []string
	// State is what a later Request starts from: valid after io.EOF, and when nothing has changed.
	State() (string, error)
	// Progress says how far the pass is; total 0 means that nobody knows.
	Progress() (done, total int64, unit string)
	Close() error
}

// Package crash names the moments at which being killed must do no harm. Code that makes something durable calls At with its
// point just before and after; a binary built with the tag `crashtest` kills itself at the point that the environment
// variable KITH_CRASH_POINT names, and every other binary compiles At to nothing. The test in test/crash kills a run at
// every point of All and compares the end with an undisturbed run.
package crash

// Point is a named moment in a run.
type Point string

// The points, in the order in which a run passes them.
const (
	IngestStaged     Point = "ingest.staged"        // rows are in the engine, nothing is written yet
	LakeFilesWritten Point = "lake.files-written"   // data files are in the lake, no snapshot lists them
	LakeTableCommit  Point = "lake.table-commit"    // a table has a new snapshot, no revision names it
	LakeBeforeRev    Point = "lake.before-revision" // every table is committed, the revision row is not
	LakeAfterRev     Point = "lake.after-revision"  // the revision row is committed
	JournalOpened    Point = "journal.opened"       // the journal of a Sync exists and is empty
	JournalBatch     Point = "journal.batch"        // a batch is in the journal, nothing was sent
	DeliverySent     Point = "delivery.sent"        // the receiver answered, the journal does not know
	JournalOutcome   Point = "journal.outcome"      // the outcome is in the journal
	FileStaged       Point = "file.staged"          // a destination file is complete under its temporary name
	FilePublished    Point = "file.published"       // the destination file has its name, the journal does not know
	LedgerCommitted  Point = "ledger.committed"     // the ledger's revision is committed, the journal still exists
	MaintainExpired  Point = "maintain.expired"     // old snapshots are out of the metadata, their files still exist
)

// All lists every point.
var All = []Point{
	IngestStaged, LakeFilesWritten, LakeTableCommit, LakeBeforeRev, LakeAfterRev, JournalOpened, JournalBatch,
	DeliverySent, JournalOutcome, FileStaged, FilePublished, LedgerCommitted, MaintainExpired,
}

package activation

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// run is a run under way.
type run struct {
	Env
	Config
}

// state is what a ledger's revision keeps for the next run.
type state struct {
	Origin   string   `json:"origin"`
	Journals []string `json:"journals"` // which this ledger holds; they may be deleted
	Result   Result   `json:"result"`
	Failure  *failure `json:"failure,omitempty"`
}

// failure is the error of a run that committed all the same.
type failure struct {
	Class   fault.Class `json:"class"`
	Message string      `json:"message"`
}

// now is the clock of what is recorded about sending; what is decided goes by the plan's.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Run brings the destination up to date and commits the ledger. When people could not be delivered, or were rejected, the
// ledger is committed and an error is returned beside the result: DestinationDown, DestinationRefused or RecordsRejected.
// After any other error nothing is committed, and the next run takes up what was sent from the journal; after BudgetExceeded
// nothing was sent either. A plan that
// was committed already gives the same answer again and sends nothing. A run with RemoveMembers that finds nobody to take out commits nothing.
func Run(ctx context.Context, env Env, c Config, dest Destination) (Result, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Result{}, err
	}
	r := &run{Env: env, Config: c}
	j, err := openJournals(env.LakeDir, c.name())
	if err != nil {
		return Result{}, err
	}
	defer j.close()
	tx, err := env.Lake.Begin(ctx, env.DB, c.Plan)
	if err != nil {
		return Result{}, err
	}
	defer tx.Rollback()
	if done := tx.Done(); done != nil {
		before, err := readState(done)
		if err != nil {
			return Result{}, err
		}
		return before.answer(j)
	}
	before, err := readState(tx.Base())
	if err != nil {
		return Result{}, err
	}
	if err := j.remove(before.Journals); err != nil {
		return Result{}, err
	}
	after, err := r.sync(ctx, j, before, tx, dest)
	if err != nil {
		return Result{}, err
	}
	return after.answer(j)
}

// Committed gives the result of a run again whose ledger is rev, and removes the journals that the ledger holds: an attempt that
// died just after its commit left them. The error is that of the run.
func Committed(lakeDir, activation string, rev *lake.Revision) (Result, error) {
	s, err := readState(rev)
	if err != nil {
		return Result{}, err
	}
	j, err := openJournals(lakeDir, activation)
	if err != nil {
		return Result{}, err
	}
	defer j.close()
	return s.answer(j)
}

// answer deletes the journals that the committed ledger holds and gives the run's result.
func (s state) answer(j *journals) (Result, error) {
	if err := j.remove(s.Journals); err != nil {
		return s.Result, err
	}
	if s.Failure != nil {
		return s.Result, fault.New(s.Failure.Class, "%s", s.Failure.Message)
	}
	return s.Result, nil
}

func readState(rev *lake.Revision) (state, error) {
	var s state
	if rev == nil || rev.State == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(rev.State), &s); err != nil {
		return s, fault.New(fault.LakeCorrupt, "the state of revision %s can't be read: %w", rev.Run, err)
	}
	return s, nil
}

// sync does the work between the ledger before and the ledger after.
func (r *run) sync(ctx context.Context, j *journals, before state, tx *lake.Tx, dest Destination) (state, error) {
	died, err := r.prepare(ctx, j, tx.Base(), dest)
	if err != nil {
		return state{}, err
	}
	if r.RemoveMembers {
		if nothing, err := r.nothingToRemove(ctx, dest, died); err != nil || nothing {
			return state{}, err
		}
	}
	if err := r.withinBudget(ctx, tx.Base()); err != nil {
		return state{}, err
	}
	after := state{Origin: origin(before, died), Journals: withRun(died.runs, r.Plan.Run)}
	log, err := j.open(r.Plan.Run, after.Origin, died.size)
	if err != nil {
		return state{}, err
	}
	var e ending
	switch d := dest.(type) {
	case Sender:
		out := &delivery{run: r, sender: d, log: log, origin: after.Origin, limiter: newLimiter(r.Delivery.Rate), ordinal: died.last[r.Plan.Run]}
		err = out.all(ctx)
		after.Result.Requests, after.Result.Retries = out.requests, out.retries
		e.gaveUp = out.gaveUp
		if out.stopped != nil {
			e = ending{stopped: out.stopped, people: unattempted, outcome: outcomeFailed}
		}
	case Publisher:
		e, err = r.publish(ctx, d, log, died, tx.Base() == nil && !r.RemoveMembers)
	default:
		err = fault.New(fault.Internal, "destination %s takes neither batches nor files", dest.Name())
	}
	if cerr := log.close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = r.finish(ctx, j, log, tx, &after, e)
	}
	return after, err
}

// ending is what the journal does not tell of how the operations ended.
type ending struct {
	gaveUp  error        // why the last batch that was not delivered was not
	stopped error        // why the receiver was given up
	people  sqlgen.Query // operations that no batch of the journal holds; empty for none
	outcome string       // of those
}

// origin keeps the idempotency keys of a lake apart from those of another one. It is made once, at random.
func origin(before state, died *dead) string {
	switch {
	case before.Origin != "":
		return before.Origin
	case died.origin != "":
		return died.origin
	}
	return uuid.NewString()
}

// prepare reads what is there and plans what is to be done, into scratch tables.
func (r *run) prepare(ctx context.Context, j *journals, base *lake.Revision, dest Destination) (*dead, error) {
	read, judge := r.readPeople, r.judge
	if r.RemoveMembers {
		read, judge = r.readNobody, r.judgeNobody
	} else if err := r.open(ctx); err != nil {
		return nil, err
	}
	if err := r.attachBase(ctx, base); err != nil {
		return nil, err
	}
	died, err := loadDead(ctx, r.DB, j, r.Plan.Run)
	if err != nil {
		return nil, err
	}
	publisher, files := dest.(Publisher)
	if files {
		if err := r.resolvePublished(ctx, publisher); err != nil {
			return nil, err
		}
	}
	if err := r.DB.Exec(ctx, sqlgen.Format("CREATE OR REPLACE TABLE sync_dead_letters AS {letters}", sqlgen.Args{"letters": sqlgen.Query(deadLetters)})); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{read, r.foldJournal, judge} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return died, r.diff(ctx, !files)
}

// open makes sure of the audience, and views of what tells it.
func (r *run) open(ctx context.Context) error {
	if err := r.checkSegments(); err != nil {
		return err
	}
	return r.attach(ctx)
}

func (r *run) judge(ctx context.Context) error {
	return r.explainBinding(r.passGates(ctx, sqlgen.Lit(true)))
}

// explainBinding tells a field that names what the revisions do not have from a bug: an attribute that no source supplies any
// more, or a trait that was never computed.
func (r *run) explainBinding(err error) error {
	if fault.Is(err, fault.Internal) && strings.Contains(err.Error(), "Binder Error") {
		return fault.New(fault.ReferenceNotFound, "activation %s: a field needs an attribute that revisions %s and %s do not have: %w", r.name(), r.Identity.Run, r.Evaluated.Run, err)
	}
	return err
}

// all sends every operation, until the receiver stops taking them.
func (d *delivery) all(ctx context.Context) error {
	var total, done int64
	if err := d.DB.Row(ctx, "SELECT count(*) FROM sync_operations", &total); err != nil {
		return err
	}
	for b, err := range batches(d.run.operations(ctx), d.Delivery.BatchSize) {
		if err != nil {
			return err
		}
		if err := d.deliver(ctx, b); err != nil {
			return err
		}
		if d.stopped != nil {
			return nil
		}
		done += int64(len(b.people))
		d.progress(done, total)
	}
	return nil
}

func (r *run) progress(done, total int64) {
	if r.Progress != nil {
		r.Progress(done, total, "people")
	}
}

// finish folds what this run did into the ledger and commits it.
func (r *run) finish(ctx context.Context, j *journals, log *journal, tx *lake.Tx, after *state, e ending) error {
	if err := loadOwn(ctx, r.DB, j, r.Plan.Run, log.start); err != nil {
		return err
	}
	if err := r.DB.Exec(ctx, sqlgen.Format("INSERT INTO sync_dead_letters {letters}", sqlgen.Args{"letters": sqlgen.Query(deadLetters)})); err != nil {
		return err
	}
	if e.people != "" {
		if err := r.settle(ctx, j.last+1, e.people, e.outcome); err != nil {
			return err
		}
	}
	if err := r.foldJournal(ctx); err != nil {
		return err
	}
	if err := r.DB.Exec(ctx, sqlgen.Format(ledger, sqlgen.Args{"left": r.left()})); err != nil {
		return err
	}
	if err := r.count(ctx, &after.Result); err != nil {
		return err
	}
	if err := r.DB.Row(ctx, "SELECT count(*) FROM sync_dead_letters", &after.Result.Refused); err != nil {
		return err
	}
	if err := r.verdict(after.Result, e); err != nil {
		after.Failure = &failure{Class: fault.ClassOf(err), Message: err.Error()}
	}
	encoded, err := json.Marshal(after)
	if err != nil {
		return fault.New(fault.Internal, "activation %s: write the state: %w", r.name(), err)
	}
	if err := r.commit(ctx, tx, after.Result, string(encoded)); err != nil {
		return err
	}
	crash.At(crash.LedgerCommitted)
	return nil
}

// verdict is the error of a run that did not deliver everybody.
func (r *run) verdict(res Result, e ending) error {
	switch {
	case e.stopped != nil:
		return e.stopped
	case res.Failed+res.Uncertain > 0 && e.gaveUp != nil:
		return fault.New(fault.DestinationDown, "activation %s: %d people were not delivered and %d perhaps; the next run tries again; what went wrong last: %w", r.name(), res.Failed, res.Uncertain, e.gaveUp)
	case res.Failed+res.Uncertain > 0:
		return fault.New(fault.DestinationDown, "activation %s: %d people were not delivered and %d perhaps; the next run tries again", r.name(), res.Failed, res.Uncertain)
	case res.Refused > 0:
		return fault.New(fault.RecordsRejected, "activation %s: the destination rejected %d people; see activation.\"%s\"", r.name(), res.Refused, deadLettersTable(r.name()).Name)
	}
	return nil
}

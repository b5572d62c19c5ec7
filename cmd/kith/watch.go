package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/report"
)

// watcher shows a run as it goes on: bars on a terminal, a line for each step elsewhere, nothing in JSON.
type watcher interface {
	local.Watcher
	// Progress of the step that is under way; total is 0 while it is unknown.
	Progress(done, total int64, unit string)
	Close()
}

func newWatcher(out io.Writer, output string) watcher {
	switch {
	case output == "json":
		return quiet{}
	case isTerminal(out):
		return &bars{p: mpb.New(mpb.WithOutput(out), mpb.WithWidth(40), mpb.WithAutoRefresh())}
	default:
		return &lines{out: out}
	}
}

type quiet struct{}

func (quiet) Begin(plan.Subject, plan.Cause) {}
func (quiet) End(local.Step)                 {}
func (quiet) Progress(int64, int64, string)  {}
func (quiet) Close()                         {}

// lines says what a step did once it is over, and where a long one stands every ten seconds.
type lines struct {
	out     io.Writer
	current plan.Subject
	spoke   time.Time
}

func (l *lines) Begin(s plan.Subject, _ plan.Cause) { l.current, l.spoke = s, time.Now() }

func (l *lines) Progress(done, total int64, unit string) {
	if time.Since(l.spoke) < 10*time.Second {
		return
	}
	l.spoke = time.Now()
	of := ""
	if total > 0 {
		of = " of " + report.Number(total)
	}
	fmt.Fprintf(l.out, "%-9s %-28s %s%s %s\n", l.current.Task, l.current.Name, report.Number(done), of, unit)
}

func (l *lines) End(s local.Step) { fmt.Fprintln(l.out, stepLine(s)) }

func (l *lines) Close() {}

// bars draws one bar for the step under way and leaves a line for each that is over.
type bars struct {
	p   *mpb.Progress
	bar *mpb.Bar
	now plan.Subject
}

func (b *bars) Begin(s plan.Subject, _ plan.Cause) {
	b.now = s
	name := fmt.Sprintf("%-9s %-28s", s.Task, s.Name)
	b.bar = b.p.AddBar(0, mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Name(name)),
		mpb.AppendDecorators(decor.CurrentNoUnit("%d"), decor.Elapsed(decor.ET_STYLE_GO, decor.WC{W: 8})))
}

func (b *bars) Progress(done, total int64, _ string) {
	if b.bar != nil {
		b.bar.SetTotal(max(total, done+1), false)
		b.bar.SetCurrent(done)
	}
}

func (b *bars) End(s local.Step) {
	if b.bar != nil {
		b.bar.Abort(true)
		b.bar.Wait()
		b.bar = nil
	}
	_, _ = fmt.Fprintln(b.p, stepLine(s))
}

func (b *bars) Close() { b.p.Wait() }

// headlines are the outputs that tell most of a run, with the word for what is counted.
var headlines = map[v1alpha1.Task][2]string{
	v1alpha1.TaskIngest: {"rows", "rows"}, v1alpha1.TaskResolve: {"known", "people"}, v1alpha1.TaskCanary: {"people", "people on trial"},
	v1alpha1.TaskSync: {"sent", "people"},
}

func headline(s local.Step) string {
	segments := 0
	for _, o := range s.Revision.Outputs {
		if h := headlines[s.Subject.Task]; o.Name == h[0] {
			return fmt.Sprintf(": %s %s %s", report.Number(o.Rows), h[1], report.Signed(o.Added, o.Removed))
		}
		if strings.HasPrefix(o.Name, "segment/") {
			segments++
		}
	}
	if s.Subject.Task != v1alpha1.TaskEvaluate {
		return "" // such as the end of a canary
	}
	return fmt.Sprintf(": %d memberships", segments)
}

func stepLine(s local.Step) string {
	what := string(s.State)
	switch {
	case s.Problem != nil && s.State == local.Failed:
		what += ": " + string(s.Problem.Class)
	case s.Problem != nil:
		what += ": " + s.Problem.Message
	case s.State == local.Done:
		what += headline(s)
	}
	took := ""
	if s.Elapsed > 0 {
		took = fmt.Sprintf(" (%s)", s.Elapsed.Round(100*time.Millisecond))
	}
	return fmt.Sprintf("%-9s %-28s %s%s", s.Subject.Task, s.Subject.Name, what, took)
}

package activation_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func activationColumn(name string) sqlgen.Expr { return sqlgen.Col("p", name) }

// crowd is a world of n eligible people, ranked.
func crowd(t testing.TB, n int) *world {
	w := newWorld(t)
	for i := range n {
		id := string(rune('a'+i/26)) + string(rune('a'+i%26))
		w.people[id] = &human{email: id + "@x", name: strings.ToUpper(id), rank: int64(i + 1), segments: []string{"vip"}, consent: granted()}
	}
	w.settle()
	return w
}

// status makes a fault that answers the first n requests with a status and does no work for them.
func status(code, n int) func(http.ResponseWriter, request, func()) bool {
	return func(w http.ResponseWriter, _ request, _ func()) bool {
		if n == 0 {
			return false
		}
		n--
		w.WriteHeader(code)
		return true
	}
}

func (w *world) fails(mode activation.Mode, d activation.Destination, class fault.Class) activation.Result {
	w.t.Helper()
	res, err := activation.Run(w.ctx, w.env(), w.config(mode), d)
	if !fault.Is(err, class) {
		w.t.Fatalf("error %v, want %s", err, class)
	}
	return res
}

func TestRetries(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 5), newReceiver(t)
	for _, code := range []int{408, 429, 500, 502, 503, 504} {
		for _, h := range w.people {
			h.name += "+"
		}
		w.settle()
		r.fault = status(code, 2)
		res := w.run(activation.Mirror, r.destination())
		r.holds(t, w.eligible())
		if res.Requests != 4 || res.Retries != 2 {
			t.Errorf("%d: %+v", code, res)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 1), newReceiver(t)
	answers := []string{"7", "100000"}
	r.fault = func(rw http.ResponseWriter, _ request, _ func()) bool {
		if len(answers) == 0 {
			return false
		}
		rw.Header().Set("Retry-After", answers[0])
		answers = answers[1:]
		rw.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	var waits []time.Duration
	env := w.env()
	env.Wait = func(_ context.Context, d time.Duration) error {
		waits = append(waits, d)
		return nil
	}
	_, err := activation.Run(w.ctx, env, w.config(activation.Mirror), r.destination())
	w.must(err)
	if !slices.Equal(waits, []time.Duration{7 * time.Second, 5 * time.Minute}) {
		t.Errorf("waited %v, want what the receiver asked for, and no more than five minutes", waits)
	}
}

// TestRate has one request free and a wait before each other.
func TestRate(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 7), newReceiver(t)
	var waits []time.Duration
	env := w.env()
	env.Wait = func(_ context.Context, d time.Duration) error {
		waits = append(waits, d.Round(time.Hour))
		return nil
	}
	c := w.config(activation.Mirror)
	c.Delivery.Rate = activation.Rate{Requests: 2, Per: 20 * time.Hour}
	_, err := activation.Run(w.ctx, env, c, r.destination())
	w.must(err)
	if !slices.Equal(waits, []time.Duration{10 * time.Hour, 20 * time.Hour}) {
		t.Errorf("waited %v; the test's clock stands still, so each wait is from the start", waits)
	}
}

// TestDown has a receiver that certainly took nothing, for longer than a run tries.
func TestDown(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 20), newReceiver(t)
	r.fault = status(429, 1000)
	res := w.fails(activation.Mirror, r.destination(), fault.DestinationDown)
	if res.Failed != 20 || res.Uncertain != 0 || res.Requests != 9 || res.Audience != 20 {
		t.Errorf("%+v: want 3 batches tried 3 times and everybody failed", res)
	}
	w.people["aa"].consent = withdrawn()
	w.settle()
	r.fault = nil
	res = w.run(activation.Mirror, r.destination())
	r.holds(t, w.eligible())
	if res.Added != 19 || res.Removed != 0 {
		t.Errorf("%+v: who never arrived is not removed", res)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 8), newReceiver(t)
	for _, code := range []int{301, 308, 401, 403, 404, 405, 410} {
		r.fault = status(code, 1000)
		res := w.fails(activation.Mirror, r.destination(), fault.DestinationRefused)
		if res.Failed != 8 || res.Requests != 1 || res.Uncertain != 0 {
			t.Errorf("%d: %+v", code, res)
		}
	}
}

// TestPartlyDelivered is refused after some batches: those stay sent.
func TestPartlyDelivered(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 8), newReceiver(t)
	served := 0
	r.fault = func(rw http.ResponseWriter, _ request, _ func()) bool {
		if served++; served > 1 {
			rw.WriteHeader(http.StatusForbidden)
		}
		return served > 1
	}
	res := w.fails(activation.Mirror, r.destination(), fault.DestinationRefused)
	if res.Sent != 3 || res.Failed != 5 {
		t.Errorf("%+v", res)
	}
	r.fault = nil
	res = w.run(activation.Mirror, r.destination())
	r.holds(t, w.eligible())
	if res.Unchanged != 3 || res.Added != 5 {
		t.Errorf("%+v", res)
	}
}

func TestBisection(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 409, 413, 422} {
		w, r := crowd(t, 12), newReceiver(t)
		poison := map[string]bool{"ab@x": true, "ak@x": true}
		r.fault = func(rw http.ResponseWriter, in request, _ func()) bool {
			if !slices.ContainsFunc(in.keys(), func(k string) bool { return poison[k] }) {
				return false
			}
			rw.WriteHeader(code)
			_, _ = rw.Write([]byte("bad person ab@x"))
			return true
		}
		res := w.fails(activation.Mirror, r.destination(), fault.RecordsRejected)
		want := w.eligible()
		delete(want, "ab@x")
		delete(want, "ak@x")
		r.holds(t, want)
		if res.Rejected != 2 || res.Refused != 2 || res.Sent != 10 {
			t.Errorf("%d: %+v", code, res)
		}
		letter := func(id string) string {
			return strings.Join([]string{id, id + "@x", `{"email":"` + id + `@x","name":"` + strings.ToUpper(id) + `"}`, strconv.Itoa(code), "", "mail-sync-1"}, " ")
		}
		rowsAre(t, w.deadLetters(), letter("ab"), letter("ak"))
		// Nobody is offered again as before, and somebody who changed is.
		w.people["ab"].name = "mended"
		delete(poison, "ab@x")
		w.settle()
		before := len(r.requests)
		res = w.run(activation.Mirror, r.destination())
		if len(r.requests) != before+1 || res.Rejected != 1 || res.Added != 1 || res.Refused != 0 {
			t.Errorf("%d: %d requests, %+v", code, len(r.requests)-before, res)
		}
		rowsAre(t, w.deadLetters(), letter("ab"), letter("ak"))
	}
}

func TestPartialRejection(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 3), newReceiver(t)
	r.reject["ab@x"] = "invalid_address"
	r.reject["ac@x"] = "no: ac@x is bad" // could be personal data
	res := w.fails(activation.Mirror, r.destination(), fault.RecordsRejected)
	if res.Requests != 1 || res.Rejected != 2 || res.Sent != 1 {
		t.Errorf("%+v", res)
	}
	rowsAre(t, w.deadLetters(), `ab ab@x {"email":"ab@x","name":"AB"} 200 invalid_address mail-sync-1`, `ac ac@x {"email":"ac@x","name":"AC"} 200  mail-sync-1`)
	rowsAre(t, w.ledgerRows(), "aa aa@x Sent Eligible ", "ab ab@x Rejected Eligible ", "ac ac@x Rejected Eligible ")
}

// TestRejectedUpdate keeps in mind what the receiver holds from before.
func TestRejectedUpdate(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 1), newReceiver(t)
	w.run(activation.Mirror, r.destination())
	w.people["aa"].name = "bad"
	w.settle()
	r.reject["aa@x"] = "name"
	w.fails(activation.Mirror, r.destination(), fault.RecordsRejected)
	w.people["aa"].consent = withdrawn()
	w.settle()
	delete(r.reject, "aa@x")
	if res := w.run(activation.Mirror, r.destination()); res.Removed != 1 {
		t.Errorf("%+v", res)
	}
	r.holds(t, map[string]string{})
}

// TestUncertain has answers that get lost: the batch is sent again as it was, with its key, before anything else.
func TestUncertain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"reset", "hang", "500"} {
		for _, arrives := range []bool{true, false} {
			w, r := crowd(t, 4), newReceiver(t)
			r.fault = func(rw http.ResponseWriter, _ request, work func()) bool {
				if arrives {
					work()
				}
				switch name {
				case "reset":
					reset(t, rw)
				case "500":
					rw.WriteHeader(500)
				default:
					r.hang()
				}
				return true
			}
			c := w.config(activation.Mirror)
			if name == "hang" {
				c.Delivery.Timeout, c.Delivery.MaxAttempts = 50*time.Millisecond, 1
			}
			res, err := activation.Run(w.ctx, w.env(), c, r.destination())
			if !fault.Is(err, fault.DestinationDown) || res.Uncertain != 4 {
				t.Fatalf("%s: %+v, %v", name, res, err)
			}
			first := r.requests[0].IdempotencyKey
			r.fault = nil
			w.people["ad"].name = "changed" // in the second batch: that one can't be repeated
			w.settle()
			before := len(r.requests)
			w.run(activation.Mirror, r.destination())
			r.holds(t, w.eligible())
			again := r.requests[before:]
			if len(again) != 2 || again[0].IdempotencyKey != first || again[1].Batch != 1 || again[1].Run != "mail-sync-2" {
				t.Errorf("%s: sent again as %+v", name, again)
			}
			if arrives && r.sends["aa@x"] != 1 {
				t.Errorf("%s: aa was sent %d times to a receiver that honours keys", name, r.sends["aa@x"])
			}
		}
	}
}

// TestUncertainWhoSaysNo is taken out, because the batch may have arrived.
func TestUncertainWhoSaysNo(t *testing.T) {
	t.Parallel()
	for _, mode := range []activation.Mode{activation.Mirror, activation.UpsertOnly} {
		w, r := crowd(t, 3), newReceiver(t)
		r.fault = func(rw http.ResponseWriter, _ request, work func()) bool {
			work()
			reset(t, rw)
			return true
		}
		w.fails(mode, r.destination(), fault.DestinationDown)
		w.people["ab"].consent = withdrawn()
		w.settle()
		r.fault = nil
		before := len(r.requests)
		w.run(mode, r.destination())
		r.holds(t, w.eligible())
		if got := r.requests[before]; got.Operation != "remove" || !slices.Equal(got.keys(), []string{"ab@x"}) || string(got.Records[0]) != `{"email":"ab@x"}` {
			t.Errorf("%s: first request %+v", mode, got)
		}
	}
}

// TestDoubtOutlivesFailure: who may have arrived stays so when a later attempt certainly fails, and is taken out in the end.
func TestDoubtOutlivesFailure(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 3), newReceiver(t)
	r.fault = func(rw http.ResponseWriter, _ request, work func()) bool {
		work()
		reset(t, rw)
		return true
	}
	w.fails(activation.Mirror, r.destination(), fault.DestinationDown)
	w.people["ac"].name = "changed" // breaks the batch
	w.settle()
	r.fault = status(429, 1000)
	if res := w.fails(activation.Mirror, r.destination(), fault.DestinationDown); res.Uncertain != 3 || res.Failed != 0 {
		t.Errorf("%+v", res)
	}
	for _, h := range w.people {
		h.consent = withdrawn()
	}
	w.settle()
	r.fault = nil
	w.run(activation.Mirror, r.destination())
	r.holds(t, map[string]string{})
}

package activation_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/connectors/webhook"
)

type request struct {
	Activation     string            `json:"activation"`
	Run            string            `json:"run"`
	Batch          int64             `json:"batch"`
	IdempotencyKey string            `json:"idempotencyKey"`
	Operation      string            `json:"operation"`
	Records        []json.RawMessage `json:"records"`
}

func (r request) keys() []string {
	var out []string
	for _, rec := range r.Records {
		var v struct {
			Email string `json:"email"`
		}
		_ = json.Unmarshal(rec, &v)
		out = append(out, v.Email)
	}
	return out
}

// receiver is a real HTTP server that honours idempotency keys: it does a key's work once and repeats its answer.
type receiver struct {
	t  testing.TB
	mu sync.Mutex
	// state is what the receiver holds, by email.
	state map[string]string
	// sends counts how often each person was newly added or changed.
	sends    map[string]int
	bodies   map[string]string // by idempotency key
	answers  map[string]string
	requests []request
	// fault answers instead of, or after, the work; nil and false mean that all goes well.
	fault func(w http.ResponseWriter, r request, work func()) bool
	// check sees every request before any fault.
	check func(r request)
	// reject says which people are refused in a batch that is otherwise taken.
	reject map[string]string
	server *httptest.Server
	stop   chan struct{}
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{t: t, state: map[string]string{}, sends: map[string]int{}, bodies: map[string]string{}, answers: map[string]string{}, reject: map[string]string{}, stop: make(chan struct{})}
	r.server = httptest.NewServer(r)
	t.Cleanup(func() { close(r.stop); r.server.Close() })
	return r
}

func (r *receiver) destination() activation.Sender {
	d, err := webhook.New(webhook.Options{URL: r.server.URL + "/people?secret=s", Token: "t0ken"})
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		r.t.Errorf("the body is no JSON: %v", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, in)
	if q.Header.Get("Idempotency-Key") != in.IdempotencyKey || q.Header.Get("Authorization") != "Bearer t0ken" || in.Activation != "mail" {
		r.t.Errorf("headers or activation are wrong: %v, %s", q.Header, in.Activation)
	}
	if had, ok := r.bodies[in.IdempotencyKey]; ok && had != string(body) {
		r.t.Errorf("one idempotency key came with two bodies:\n%s\n%s", had, body)
	}
	r.bodies[in.IdempotencyKey] = string(body)
	if r.check != nil {
		r.check(in)
	}
	if r.fault != nil && r.fault(w, in, func() { r.work(in) }) {
		return
	}
	_, _ = io.WriteString(w, r.work(in))
}

func (r *receiver) work(in request) string {
	if a, ok := r.answers[in.IdempotencyKey]; ok {
		return a
	}
	type rejection struct {
		Index  int    `json:"index"`
		Reason string `json:"reason"`
	}
	var rejected []rejection
	for i, email := range in.keys() {
		if reason, ok := r.reject[email]; ok {
			rejected = append(rejected, rejection{i, reason})
			continue
		}
		if in.Operation == "remove" {
			delete(r.state, email)
			continue
		}
		if r.state[email] != string(in.Records[i]) {
			r.sends[email]++
		}
		r.state[email] = string(in.Records[i])
	}
	a, err := json.Marshal(map[string]any{"rejected": rejected})
	if err != nil {
		r.t.Error(err)
	}
	r.answers[in.IdempotencyKey] = string(a)
	return string(a)
}

// hang keeps a request until the test ends; the others go on.
func (r *receiver) hang() {
	r.mu.Unlock()
	defer r.mu.Lock()
	<-r.stop
}

// reset closes the connection without an answer.
func reset(t testing.TB, w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = c.Close()
}

package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/fault"
)

func batch() activation.Batch {
	return activation.Batch{
		Activation: "mail", Run: "mail-sync-1", Ordinal: 7, Key: "k-1", Operation: activation.Upsert,
		Records: []json.RawMessage{json.RawMessage(`{"email":"a@x","name":"<Ann> & 앤"}`), json.RawMessage(`{"email":"b@x","name":null}`)},
	}
}

func send(t *testing.T, h http.HandlerFunc) (activation.Answer, error) {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	return deliver(t, s.URL+"/in?token=hidden")
}

func deliver(t *testing.T, url string) (activation.Answer, error) {
	t.Helper()
	w, err := New(Options{URL: url, Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return w.Send(ctx, batch())
}

func TestRequest(t *testing.T) {
	var body, method string
	var header http.Header
	_, err := send(t, func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body, method, header = string(b), r.Method, r.Header
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"activation":"mail","run":"mail-sync-1","batch":7,"idempotencyKey":"k-1","operation":"upsert",` +
		`"records":[{"email":"a@x","name":"<Ann> & 앤"},{"email":"b@x","name":null}]}` + "\n"
	if body != want || method != "POST" {
		t.Errorf("%s %s\nwant %s", method, body, want)
	}
	for name, v := range map[string]string{"Idempotency-Key": "k-1", "Content-Type": "application/json", "Authorization": "Bearer secret"} {
		if header.Get(name) != v {
			t.Errorf("header %s is %q, want %q", name, header.Get(name), v)
		}
	}
}

func TestStatuses(t *testing.T) {
	type verdict struct {
		kind  activation.FailureKind
		maybe bool
	}
	for code, want := range map[int]verdict{
		301: {activation.Refuse, false}, 307: {activation.Refuse, false}, 401: {activation.Refuse, false}, 403: {activation.Refuse, false},
		404: {activation.Refuse, false}, 405: {activation.Refuse, false}, 410: {activation.Refuse, false}, 415: {activation.Refuse, false},
		400: {activation.Reject, false}, 409: {activation.Reject, false}, 413: {activation.Reject, false}, 422: {activation.Reject, false},
		408: {activation.Retry, false}, 429: {activation.Retry, false}, 500: {activation.Retry, true}, 503: {activation.Retry, true}, 504: {activation.Retry, true},
	} {
		requests := 0
		_, err := send(t, func(w http.ResponseWriter, _ *http.Request) {
			requests++
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "about a@x")
		})
		var f *activation.Failure
		if !errors.As(err, &f) || f.Kind != want.kind || f.Maybe != want.maybe || f.Status != code || requests != 1 {
			t.Errorf("%d: %+v after %d requests", code, f, requests)
		}
		if f.Kind == activation.Retry && f.RetryAfter != 3*time.Second {
			t.Errorf("%d: waits %v", code, f.RetryAfter)
		}
		quiet(t, err)
	}
}

func quiet(t *testing.T, err error) {
	t.Helper()
	for _, s := range []string{"secret", "hidden", "a@x"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("the error tells %q: %v", s, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status   int
		body     string
		rejected string // index and reason of each; "-" for a failure
	}{
		{200, ``, ``}, {200, `OK`, ``}, {200, `[1]`, ``}, {200, `{"id": 4}`, ``}, {202, `{"rejected":[{"index":0}]}`, ``}, {204, ``, ``},
		{200, `{"rejected":0}`, ``}, {200, `{"rejected":null}`, ``}, {200, `{"rejected":[]}`, ``},
		{200, `{"rejected":[{"index":1,"reason":"bad_email"}]}`, `1 bad_email;`},
		{207, `{"rejected":[{"index":0,"reason":"a@x is bad"},{"index":1}]}`, `0 ;1 ;`},
		{207, `{"rejected":[]}`, ``}, {207, ``, `-`}, {207, `<ok/>`, `-`}, {207, `{}`, `-`},
		{200, `{"rejected":[{"index":2}]}`, `-`}, {200, `{"rejected":[{"index":-1}]}`, `-`}, {200, `{"rejected":[{"reason":"x"}]}`, `-`},
		{200, `{"rejected":3}`, `-`}, {200, strings.Repeat(" ", maxAnswer+1), `-`},
	} {
		a, err := send(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		got := ""
		for _, r := range a.Rejected {
			got += string(rune('0'+r.Index)) + " " + r.Reason + ";"
		}
		var f *activation.Failure
		if errors.As(err, &f) {
			if got = "-"; f.Kind != activation.Refuse || !f.Maybe {
				t.Errorf("%d %.60s: %+v: the batch may have been taken, and trying again can't help", c.status, c.body, f)
			}
		} else if err != nil {
			t.Error(err)
		}
		if got != c.rejected {
			t.Errorf("%d %.60s: %q, want %q", c.status, c.body, got, c.rejected)
		}
	}
}

// TestUnreachable tells a request that can't have arrived from one that may have.
func TestUnreachable(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + free.Addr().String()
	_ = free.Close()
	_, err = deliver(t, address)
	var f *activation.Failure
	if !errors.As(err, &f) || f.Kind != activation.Retry || f.Maybe {
		t.Errorf("nobody listens: %+v", f)
	}
	_, err = send(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, _ := w.(http.Hijacker).Hijack()
		_ = c.Close()
	})
	if !errors.As(err, &f) || f.Kind != activation.Retry || !f.Maybe {
		t.Errorf("reset: %+v", f)
	}
	quiet(t, err)
	_, err = send(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"rej`)
	})
	if !errors.As(err, &f) || f.Kind != activation.Retry || !f.Maybe {
		t.Errorf("an answer that breaks off: %+v", f)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	_, err := deliver(t, s.URL)
	var f *activation.Failure
	if !errors.As(err, &f) || f.Kind != activation.Refuse || f.Maybe {
		t.Errorf("%+v", f)
	}
}

func TestHang(t *testing.T) {
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer func() { close(end); s.Close() }()
	w, err := New(Options{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	var f *activation.Failure
	if _, err := w.Send(ctx, batch()); !errors.As(err, &f) || f.Kind != activation.Retry || !f.Maybe {
		t.Errorf("%+v", f)
	}
}

func TestOptions(t *testing.T) {
	for _, bad := range []string{"", "ftp://x/y", "/path", "http://", "http://%zz", "example.com"} {
		if _, err := New(Options{URL: bad}); !fault.Is(err, fault.InvalidManifest) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"Sun, 01 Nov 2026 00:02:00 GMT": 2 * time.Minute, "Sun, 01 Nov 2020 00:02:00 GMT": 0, "120": 2 * time.Minute, "-3": 0, "soon": 0, "": 0, "1.5": 0,
	} {
		r := &http.Response{Header: http.Header{"Retry-After": {header}}}
		if got := retryAfter(r, now); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

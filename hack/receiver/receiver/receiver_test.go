package receiver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-dev/kith/hack/receiver/receiver"
)

func open(t *testing.T, dir string) (*receiver.Receiver, *httptest.Server) {
	t.Helper()
	r, err := receiver.Open(receiver.Options{Dir: dir, Token: "secret", Key: "id"})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(r)
	return r, s
}

func post(t *testing.T, s *httptest.Server, token, key, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/audience", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Idempotency-Key", key)
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}

const (
	two    = `{"idempotencyKey":"k1","operation":"upsert","records":[{"id":"b","name":"B"},{"id":"a","name":"A"}]}`
	remove = `{"idempotencyKey":"k2","operation":"remove","records":[{"id":"b"}]}`
)

func TestReceiver(t *testing.T) {
	dir := t.TempDir()
	r, s := open(t, dir)
	for i, c := range []struct {
		token, key, body string
		status           int
	}{
		{"wrong", "k1", two, http.StatusUnauthorized},
		{"secret", "k9", two, http.StatusBadRequest},
		{"secret", "", `[]`, http.StatusBadRequest},
		{"secret", "k3", `{"idempotencyKey":"k3","operation":"upsert","records":[{"name":"nobody"}]}`, http.StatusBadRequest},
		{"secret", "k3", `{"idempotencyKey":"k3","operation":"drop","records":[]}`, http.StatusBadRequest},
		{"secret", "k1", two, http.StatusOK},
		{"secret", "k1", two, http.StatusOK},
		{"secret", "k1", strings.Replace(two, "A", "C", 1), http.StatusUnprocessableEntity},
		{"secret", "k2", remove, http.StatusOK},
		{"secret", "k1", two, http.StatusOK},
	} {
		if got := post(t, s, c.token, c.key, c.body); got != c.status {
			t.Errorf("request %d: status %d, want %d", i, got, c.status)
		}
	}
	state := r.State()
	if len(state.Members) != 1 || state.Members[0]["name"] != "A" || state.Requests != 2 || state.Replayed != 2 || state.Upserted != 2 || state.Removed != 1 {
		t.Errorf("state %+v", state)
	}
	s.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}

	// Killed while it wrote a line that it never answered.
	f, err := os.OpenFile(filepath.Join(dir, receiver.LogName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(two[:20]); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	r, s = open(t, dir)
	defer s.Close()
	defer func() { _ = r.Close() }()
	if got := post(t, s, "secret", "k1", two); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/audience/state", nil)
	req.Header.Set("Authorization", "Bearer secret")
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var again receiver.State
	if err := json.NewDecoder(res.Body).Decode(&again); err != nil {
		t.Fatal(err)
	}
	if len(again.Members) != 1 || again.Requests != 2 || again.Replayed != 1 {
		t.Errorf("state after a restart %+v", again)
	}
}

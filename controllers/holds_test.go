package controllers

import (
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/plan"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestHolds(t *testing.T) {
	type ask struct {
		at   time.Duration
		hash string
		busy bool
		want time.Duration // 0 for now
	}
	for name, asks := range map[string][]ask{
		"one change":             {{0, "a", false, 2 * time.Second}, {time.Second, "a", false, 2 * time.Second}, {2 * time.Second, "a", false, 0}},
		"another change":         {{0, "a", false, 2 * time.Second}, {time.Second, "b", false, 3 * time.Second}, {2 * time.Second, "b", false, 3 * time.Second}, {3 * time.Second, "b", false, 0}},
		"there and back":         {{0, "a", false, 2 * time.Second}, {time.Second, "b", false, 3 * time.Second}, {2 * time.Second, "a", false, 4 * time.Second}},
		"changes without end":    {{0, "a", false, 2 * time.Second}, {10 * time.Second, "b", false, 12 * time.Second}, {19 * time.Second, "c", false, 20 * time.Second}, {20 * time.Second, "d", false, 0}},
		"inputs are being made":  {{0, "a", true, 2 * time.Minute}, {time.Minute, "b", true, 2 * time.Minute}, {2*time.Minute - 1, "b", true, 2 * time.Minute}, {2 * time.Minute, "b", true, 0}},
		"and then they are made": {{0, "a", true, 2 * time.Minute}, {15 * time.Second, "b", true, 2 * time.Minute}, {16 * time.Second, "b", false, 17 * time.Second}, {17 * time.Second, "b", false, 0}},
		"made after a long time": {{0, "a", true, 2 * time.Minute}, {time.Minute, "b", false, 0}},
	} {
		h, s := newHolds(), plan.ResolveSubject("people")
		for _, a := range asks {
			got := h.until(s, a.hash, a.busy, noon.Add(a.at))
			if a.want == 0 && !got.IsZero() || a.want != 0 && !got.Equal(noon.Add(a.want)) {
				t.Errorf("%s, asked after %s: %v, want %s", name, a.at, got, a.want)
			}
		}
		h.forget(s)
		if got := h.until(s, "a", false, noon.Add(time.Hour)); !got.Equal(noon.Add(time.Hour + quiet)) {
			t.Errorf("%s: what was forgotten is remembered: %v", name, got)
		}
	}
	h := newHolds()
	h.until(plan.ResolveSubject("people"), "a", false, noon)
	if got := h.until(plan.EvaluateSubject("people"), "a", false, noon.Add(time.Hour)); !got.Equal(noon.Add(time.Hour + quiet)) {
		t.Errorf("another subject: %v", got)
	}
}

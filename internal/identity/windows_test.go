package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A person may have a new phone every year, but not five in a week. What has no time always counts.
func TestLimitWithinAWindow(t *testing.T) {
	const week = 168 * time.Hour
	for name, c := range map[string]struct {
		hours  []string // of the records of one customer, each with a phone of its own
		window time.Duration
		single bool
	}{
		"one a year":                   {[]string{"0", "8760", "17520", "26280"}, week, true},
		"three in a week":              {[]string{"0", "8760", "8761", "8762"}, week, false},
		"three, the last a week later": {[]string{"0", "1", "168"}, week, false},
		"three in more than a week":    {[]string{"0", "1", "168.001"}, week, true},
		"two, and one without a time":  {[]string{"0", "1", ""}, week, false},
		"one a year, and two without":  {[]string{"0", "8760", "", ""}, week, false},
		"three without a time":         {[]string{"", "", ""}, week, false},
		"one a year, for all time":     {[]string{"0", "8760", "17520"}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.Deterministic = [][]string{{"customerId"}}
			w.cfg.Guards.Limits = []Limit{{Identifier: "phone", PerProfile: 2, Window: c.window}}
			var rows []string
			for i, h := range c.hours {
				rows = append(rows, fmt.Sprintf("%d|%s|c1|+49%d", i, h, i))
			}
			w.source("crm", Profile, 1, text("@customerId", "@phone"), rows...)
			w.run()
			if got := len(w.groups()) == 1; got != c.single {
				t.Errorf("the profiles are %q", w.groups())
			}
			want := []string{}
			if !c.single {
				detail := "would put more than 2 different values of phone within 168h into one profile"
				if c.window == 0 {
					detail = strings.Replace(detail, " within 168h", "", 1)
				}
				want = append(want, "customerId|c1|"+detail)
			}
			equal(t, "guard events", w.rows("guard_events", "SELECT [identifier, value, detail] FROM {t} WHERE guard = 'limit'"), want)
		})
	}
}

// Times are those of Profile records: identifiers that only events show count, whenever that was.
func TestLimitWithinAWindowOfEvents(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"phone"}}
	w.cfg.Guards.Limits = []Limit{{Identifier: "phone", PerProfile: 1, Window: time.Hour}}
	w.source("shop", Transaction, 1, text("@email", "@phone"), "1|1|ann@x.io|+491", "2|9999|ann@x.io|+492")
	w.run()
	equal(t, "guard events", w.rows("guard_events", "SELECT [guard, detail] FROM {t}"),
		[]string{"limit|would put more than 1 different values of phone within 1h into one profile"})
}

func TestTimeframe(t *testing.T) {
	for window, want := range map[time.Duration]string{
		0: "", 168 * time.Hour: " within 168h", 20 * time.Minute: " within 20m", 10*time.Hour + 20*time.Minute: " within 10h20m",
		10 * time.Second: " within 10s", time.Hour + time.Second: " within 1h0m1s", 500 * time.Millisecond: " within 500ms",
	} {
		if got := (guard{window: window}).timeframe(); got != want {
			t.Errorf("%s: %q, want %q", window, got, want)
		}
	}
}

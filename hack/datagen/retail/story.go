package retail

import (
	"errors"
	"fmt"
	"time"
)

// DefaultNow is the date at whose start, in UTC, day one of the example ends.
const DefaultNow = "2026-11-02"

const (
	storyPeople = 20000
	minPeople   = 1000
	day         = int64(24 * 60 * 60)
)

// Options say what is generated.
type Options struct {
	Out       string    // folder, made when absent
	People    int       // customers, at least 1,000
	Anonymous int       // visitors whom nobody knows on day one
	Seed      uint64    // of every choice
	Day       int       // 1 or 2
	Now       time.Time // start of a day in UTC: the end of day one
}

func (o Options) validate() error {
	switch {
	case o.Out == "":
		return errors.New("a folder to write to is needed")
	case o.Day != 1 && o.Day != 2:
		return fmt.Errorf("there is a day 1 and a day 2, not %d", o.Day)
	case o.People < minPeople:
		return fmt.Errorf("the story needs at least %d people", minPeople)
	case !o.Now.Equal(o.Now.UTC().Truncate(24 * time.Hour)):
		return errors.New("now must be the start of a day in UTC")
	}
	if need := newStory(o.People).Identified; o.Anonymous < need {
		return fmt.Errorf("the story needs at least %d anonymous visitors", need)
	}
	return nil
}

// story is how many people play which part. The numbers are those of 20,000 people, in proportion.
type story struct {
	Viewed, Top, Early                              int // on day one: viewed Trail One; top tenth by profit; both
	Complaint                                       int // of Early: an open complaint
	Unknown, Denied, Withdrawn, Expired, Conflicted int // of Early without complaint: the ways of having no consent
	NoCard, Objected                                int // of Early without complaint: whom the stores cannot or may not call in

	// Day two: who enters, and who leaves.
	NewView, Identified, Promoted, Granted, Closed int
	Withdraw, Return                               int

	Drift, NewViewOther int // outside the top: views that grow too old on day two, and first views on day two
	NewVisitors         int // visitors who first come on day two
}

func newStory(people int) story {
	n := func(at20000 int) int {
		return max(1, (at20000*people+storyPeople/2)/storyPeople)
	}
	s := story{
		Viewed: n(4000), Early: n(1000), Complaint: n(40),
		Unknown: n(60), Denied: n(60), Withdrawn: n(50), Expired: n(30), Conflicted: n(40),
		NoCard: n(60), Objected: n(10),
		NewView: n(20), Identified: n(10), Promoted: n(6), Granted: n(4), Closed: n(2),
		Withdraw: n(35), Drift: n(25), NewViewOther: n(70), NewVisitors: n(150),
	}
	s.Return = s.Promoted // a place in the top tenth is only free when somebody leaves it
	// Percent rank is (position-1)/(people-1), counted from the lowest; those at 0.9 and above are the top.
	s.Top = people - (9*(people-1)+9)/10
	return s
}

// Package conditions turns what is known of an object into its conditions, as kstatus reads them: Ready, Reconciling and Stalled,
// each with the generation it speaks of, and Fresh. A Summary can't contradict itself: nothing is both Ready and Stalled.
//
// What does not live here: finding out what is true (controllers, plan), and the words of reasons (api/v1alpha1).
package conditions

import (
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// Summary is what an object's conditions say.
type Summary struct {
	// Ready and why, or why not.
	Ready           bool
	Reason, Message string
	// Reconciling and Stalled are the reasons for which they are True; empty for False. Stalled wins.
	Reconciling, Stalled string
	// Fresh is nil for objects that have no result.
	Fresh *Fresh
}

// Fresh is whether a result is as new as it should be.
type Fresh struct {
	True            bool
	Reason, Message string
}

// maxMessage is what the API allows in a condition.
const maxMessage = 32768 / 4

// Apply writes a summary into an object's conditions.
func Apply(to *[]metav1.Condition, generation int64, s Summary, now time.Time) {
	set := func(kind string, yes bool, reason, message string) {
		Set(to, generation, kind, yes, reason, message, now)
	}
	set(v1alpha1.ConditionReady, s.Ready && s.Stalled == "", s.Reason, s.Message)
	if s.Stalled != "" {
		s.Reconciling = ""
		set(v1alpha1.ConditionStalled, true, s.Stalled, s.Message)
	} else {
		set(v1alpha1.ConditionStalled, false, v1alpha1.ReasonUnblocked, "")
	}
	if s.Reconciling != "" {
		set(v1alpha1.ConditionReconciling, true, s.Reconciling, s.Message)
	} else {
		set(v1alpha1.ConditionReconciling, false, v1alpha1.ReasonIdle, "")
	}
	if s.Fresh == nil {
		meta.RemoveStatusCondition(to, v1alpha1.ConditionFresh)
		return
	}
	set(v1alpha1.ConditionFresh, s.Fresh.True, s.Fresh.Reason, s.Fresh.Message)
}

// Set writes one condition.
func Set(to *[]metav1.Condition, generation int64, kind string, yes bool, reason, message string, now time.Time) {
	status := metav1.ConditionFalse
	if yes {
		status = metav1.ConditionTrue
	}
	meta.SetStatusCondition(to, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: Cut(message, maxMessage), ObservedGeneration: generation, LastTransitionTime: metav1.NewTime(now),
	})
}

// Cut is the beginning of a text, of at most so many bytes and whole characters: the API would store another text in the place of half a one.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

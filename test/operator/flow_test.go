package operator_test

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/test/apitest"
)

func TestFlow(t *testing.T) {
	w := newWorld(t, apitest.Start(t))
	w.create(workspace(), source("crm"), rule("people", "crm"), segment("vip", "people", `profile.tier == "gold"`), destination("esp"), activation("mail", "vip", "esp"))
	w.eventually("the Activation is Ready", func() (bool, string) {
		a := get(w, &v1alpha1.Activation{}, "mail")
		c := condition(a.Status.Conditions, v1alpha1.ConditionReady)
		return c.Status == metav1.ConditionTrue, fmt.Sprintf("%+v %v", c, w.finisher.history())
	})
	t.Log(w.finisher.history())
	for _, o := range []interface{ GetName() string }{
		get(w, &v1alpha1.Workspace{}, "default"), get(w, &v1alpha1.DataSource{}, "crm"), get(w, &v1alpha1.IdentityRule{}, "people"),
		get(w, &v1alpha1.Segment{}, "vip"), get(w, &v1alpha1.Destination{}, "esp"), get(w, &v1alpha1.Activation{}, "mail"),
	} {
		t.Logf("%s: %+v", o.GetName(), o)
	}
}

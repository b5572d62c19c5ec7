package scale

import (
	"context"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// sight is what an onlooker sees of the cluster. It watches with a connection of its own.
type sight struct {
	cache cache.Cache

	mu         sync.Mutex
	live       map[string]map[string]bool // by lock, the names of what is under way
	tasks      map[string]int
	duplicates []string
}

func kinds() map[string]client.ObjectList {
	return map[string]client.ObjectList{
		"Workspace": &v1alpha1.WorkspaceList{}, "DataSource": &v1alpha1.DataSourceList{}, "IdentityRule": &v1alpha1.IdentityRuleList{},
		"Segment": &v1alpha1.SegmentList{}, "Destination": &v1alpha1.DestinationList{}, "Activation": &v1alpha1.ActivationList{},
	}
}

func kindOf(o client.Object) string {
	switch o.(type) {
	case *v1alpha1.Workspace:
		return "Workspace"
	case *v1alpha1.DataSource:
		return "DataSource"
	case *v1alpha1.IdentityRule:
		return "IdentityRule"
	case *v1alpha1.Segment:
		return "Segment"
	case *v1alpha1.Destination:
		return "Destination"
	case *v1alpha1.Activation:
		return "Activation"
	}
	panic(fmt.Sprintf("%T", o)) // a kind that objects.go makes and this list lacks
}

// watch begins to look on, and counts how many Runs and Jobs are under way under each lock from each change to the next.
func watch(ctx context.Context, config *rest.Config) (*sight, error) {
	c, err := cache.New(config, cache.Options{Scheme: scheme(), DefaultTransform: cache.TransformStripManagedFields()})
	if err != nil {
		return nil, err
	}
	s := &sight{cache: c, live: map[string]map[string]bool{}, tasks: map[string]int{}}
	for _, o := range []client.Object{&v1alpha1.Run{}, &batchv1.Job{}} {
		informer, err := c.GetInformer(ctx, o, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, err
		}
		_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { s.changed(o, true) },
			UpdateFunc: func(_, o any) { s.changed(o, false) },
			DeleteFunc: func(o any) { s.deleted(o) },
		})
		if err != nil {
			return nil, err
		}
	}
	go func() { _ = c.Start(ctx) }()
	if !c.WaitForCacheSync(ctx) {
		return nil, context.Cause(ctx)
	}
	return s, nil
}

// changed is told of Runs in the order of their changes, and of Jobs in that of theirs.
func (s *sight) changed(o any, added bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch o := o.(type) {
	case *v1alpha1.Run:
		if added {
			s.tasks[string(o.Spec.Task)]++
		}
		s.under("Run", o, plan.Over(o))
	case *batchv1.Job:
		s.under("Job", o, ended(o))
	}
}

func (s *sight) deleted(o any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch o := o.(type) {
	case *v1alpha1.Run:
		s.under("Run", o, true)
	case *batchv1.Job:
		s.under("Job", o, true)
	}
}

func (s *sight) under(kind string, o client.Object, over bool) {
	lock := fmt.Sprintf("%s %s/%s", kind, o.GetNamespace(), o.GetLabels()[v1alpha1.LabelLock])
	if over {
		delete(s.live[lock], o.GetName())
		return
	}
	if s.live[lock] == nil {
		s.live[lock] = map[string]bool{}
	}
	s.live[lock][o.GetName()] = true
	if len(s.live[lock]) > 1 {
		s.duplicates = append(s.duplicates, fmt.Sprintf("%s: %v", lock, s.live[lock]))
	}
}

func ended(j *batchv1.Job) bool {
	for _, c := range j.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// runs there were, by task, and those that were under way under one lock at once.
func (s *sight) runs() (map[string]int, []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for task, n := range s.tasks {
		out[task] = n
	}
	return out, s.duplicates
}

// waitUntilReady says when the last object of each kind became Ready, after a time.
func (s *sight) waitUntilReady(ctx context.Context, want map[string]int, began time.Time, log func(string, ...any)) (map[string]time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out := map[string]time.Duration{}
	for told := time.Now(); len(out) < len(want); {
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return nil, fmt.Errorf("not everything became Ready: %w", err)
		}
		state := ""
		for kind, l := range kinds() {
			if err := s.cache.List(ctx, l, client.UnsafeDisableDeepCopy); err != nil {
				return nil, err
			}
			n := 0
			_ = meta.EachListItem(l, func(o runtime.Object) error {
				if isReady(o) {
					n++
				}
				return nil
			})
			if n == want[kind] {
				if _, ok := out[kind]; !ok {
					out[kind] = time.Since(began)
				}
			} else {
				delete(out, kind)
			}
			state += fmt.Sprintf(" %s %d/%d", kind, n, want[kind])
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			log("Ready:%s", state)
		}
	}
	return out, nil
}

func isReady(o runtime.Object) bool {
	declared, ok := o.(v1alpha1.Declared)
	if !ok {
		return false
	}
	conditions := declared.CommonStatus().Conditions
	c := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == o.(client.Object).GetGeneration()
}

package scale

import (
	"context"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/jobs"
	"github.com/kith-dev/kith/internal/plan"
)

// subject of a plan in a namespace.
type subject struct {
	namespace string
	plan.Subject
}

// finisher is the Job controller, the kubelet and the worker in one: it makes a Job's pod, commits to a lake in memory, reports, and
// ends both.
type finisher struct {
	client client.Client
	failed context.CancelCauseFunc

	mu   sync.Mutex
	lake map[subject]*v1alpha1.RunRevision
}

// finishers work beside each other.
const finishers = 8

func (f *finisher) start(ctx context.Context, c cache.Cache) error {
	informer, err := c.GetInformer(ctx, &batchv1.Job{})
	if err != nil {
		return err
	}
	queue := make(chan *batchv1.Job, 10_000) // more than there are, so that nobody waits
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: func(o any) {
		if j, ok := o.(*batchv1.Job); ok && !ended(j) {
			queue <- j.DeepCopy()
		}
	}})
	for range finishers {
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case j := <-queue:
					if err := f.finish(ctx, j); err != nil && ctx.Err() == nil {
						f.failed(fmt.Errorf("finishing Job %s/%s: %w", j.Namespace, j.Name, err))
					}
				}
			}
		}()
	}
	return err
}

func (f *finisher) finish(ctx context.Context, j *batchv1.Job) error {
	p, err := f.plan(ctx, j)
	if err != nil {
		return err
	}
	pod := podOf(j)
	if err := f.client.Create(ctx, pod); err != nil {
		return fmt.Errorf("making its pod: %w", err)
	}
	run := &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{Namespace: j.Namespace, Name: j.Labels[v1alpha1.LabelRun]}}
	before := run.DeepCopy()
	run.Status.Result, run.Status.Outputs = f.work(subject{j.Namespace, p.Subject}, p)
	if err := f.client.Status().Patch(ctx, run, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("reporting: %w", err)
	}
	running := pod.DeepCopy()
	pod.Status.Phase = corev1.PodSucceeded
	if err := f.client.Status().Patch(ctx, pod, client.MergeFrom(running)); err != nil {
		return fmt.Errorf("ending its pod: %w", err)
	}
	return f.end(ctx, j, run.Status.Result.Outcome)
}

// plan of a Job, from what its pod would mount.
func (f *finisher) plan(ctx context.Context, j *batchv1.Job) (*plan.Plan, error) {
	var parts []*corev1.ConfigMap
	for _, s := range j.Spec.Template.Spec.Volumes[0].Projected.Sources {
		var c corev1.ConfigMap
		if err := f.client.Get(ctx, types.NamespacedName{Namespace: j.Namespace, Name: s.ConfigMap.Name}, &c); err != nil {
			return nil, err
		}
		parts = append(parts, &c)
	}
	return jobs.Plan(parts)
}

// podOf a Job, as the Job controller makes it.
func podOf(j *batchv1.Job) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: j.Namespace, GenerateName: j.Name + "-", Labels: map[string]string{},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(j, batchv1.SchemeGroupVersion.WithKind("Job"))},
		},
		Spec: *j.Spec.Template.Spec.DeepCopy(),
	}
	for k, v := range j.Spec.Template.Labels {
		p.Labels[k] = v
	}
	return p
}

func (f *finisher) end(ctx context.Context, j *batchv1.Job, outcome v1alpha1.RunOutcome) error {
	before, now := j.DeepCopy(), metav1.Now()
	j.Status.StartTime = &now
	first, last := batchv1.JobSuccessCriteriaMet, batchv1.JobComplete
	if outcome == v1alpha1.OutcomeSuperseded {
		first, last = batchv1.JobFailureTarget, batchv1.JobFailed
	} else {
		j.Status.CompletionTime = &now
	}
	for _, kind := range []batchv1.JobConditionType{first, last} {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{
			Type: kind, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now, Reason: "Finished",
		})
	}
	if err := f.client.Status().Patch(ctx, j, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("ending it: %w", err)
	}
	return nil
}

// work commits onto the plan's base, or says what the lake has in its place.
func (f *finisher) work(s subject, p *plan.Plan) (*v1alpha1.RunResult, []v1alpha1.RunOutput) {
	f.mu.Lock()
	defer f.mu.Unlock()
	latest, base := f.lake[s], ""
	if latest != nil {
		base = latest.Run
	}
	switch {
	case base != p.Base:
		return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeSuperseded, Class: string(fault.Superseded), Message: "another base", Revision: latest}, nil
	case p.Maintain != nil:
		return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeUnchanged}, nil
	}
	latest = &v1alpha1.RunRevision{
		Run: p.Run, Serial: p.Serial, PlanHash: p.Hash(), Now: metav1.NewMicroTime(p.Now), CommittedAt: metav1.NewMicroTime(time.Now()),
	}
	for _, in := range p.Inputs {
		latest.Inputs = append(latest.Inputs, v1alpha1.RunInput{Kind: in.Kind, Name: in.Name, Revision: in.Run})
	}
	f.lake[s] = latest
	return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: latest}, outputsOf(p)
}

func outputsOf(p *plan.Plan) []v1alpha1.RunOutput {
	var out []v1alpha1.RunOutput
	add := func(name string, rows int64) {
		out = append(out, v1alpha1.RunOutput{Name: name, Rows: rows, Added: rows})
	}
	switch {
	case p.Ingest != nil:
		add("rows", 1_000_000)
	case p.Resolve != nil:
		add("records", 1_000_000)
		add("known", 800_000)
	case p.Evaluate != nil:
		for _, s := range p.Evaluate.Segments {
			for _, purpose := range s.Purposes {
				add("segment/"+s.Name+"/"+purpose, 10_000)
			}
		}
	case p.Sync != nil:
		add("audience", 10_000)
		add("sent", 9_000)
	}
	return out
}

package controllers

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/plan"
)

// qualityOf the revision in use, by its outputs; nil where it has no figures.
func qualityOf(h *plan.History) *v1alpha1.IdentityQuality {
	all := figuresOf(h, "")
	if len(all) == 0 {
		return nil
	}
	out := &v1alpha1.IdentityQuality{
		LargestProfile: all.Count(figures.LargestProfile), LargeProfiles: all.Text(figures.LargeProfiles), SharedValues: all.Count(figures.SharedValues),
		RefusedMerges: all.Count(figures.RefusedMerges), Jitter: all.Text(figures.Jitter), Merges: all.Count(figures.Merges), Splits: all.Count(figures.Splits),
	}
	out.Labels = labelQuality(all)
	return out
}

// labelQuality is nil where there are no labels.
func labelQuality(all figures.All) *v1alpha1.LabelQuality {
	if _, ok := all.Of(figures.LabelledRecords); !ok {
		return nil
	}
	return &v1alpha1.LabelQuality{
		Records: all.Count(figures.LabelledRecords),
		Pairs:   agreement(all, figures.PairPrecision, figures.PairRecall, figures.PairF1),
		BCubed:  agreement(all, figures.BCubedPrecision, figures.BCubedRecall, figures.BCubedF1),
	}
}

func agreement(all figures.All, precision, recall, f1 figures.Name) *v1alpha1.Agreement {
	if _, ok := all.Of(f1); !ok {
		return nil
	}
	return &v1alpha1.Agreement{Precision: all.Text(precision), Recall: all.Text(recall), F1: all.Text(f1)}
}

var qualityDesc = prometheus.NewDesc("kith_identity_quality", "How good the people of an IdentityRule are, by figure; shares are from 0 to 1.",
	[]string{"namespace", "name", "figure"}, nil)

var canaryDesc = prometheus.NewDesc("kith_identity_canary_quality", "How good the people of an IdentityRule are in the share of its canary, by figure, for the side in use and the one on trial.",
	[]string{"namespace", "name", "side", "figure"}, nil)

// qualityFigures are gauges of the figures in the status of each IdentityRule. They go with it.
type qualityFigures struct{ client client.Reader }

func (*qualityFigures) Describe(out chan<- *prometheus.Desc) {
	out <- qualityDesc
	out <- canaryDesc
}

func (q *qualityFigures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectWithin)
	defer cancel()
	var rules v1alpha1.IdentityRuleList
	if err := q.client.List(ctx, &rules, client.UnsafeDisableDeepCopy); err != nil {
		out <- prometheus.NewInvalidMetric(qualityDesc, err)
		return
	}
	for i := range rules.Items {
		r := &rules.Items[i]
		for figure, value := range gauges(r.Status.Quality) {
			out <- prometheus.MustNewConstMetric(qualityDesc, prometheus.GaugeValue, value, r.Namespace, r.Name, string(figure))
		}
		for side, all := range canaryGauges(r.Status.Canary) {
			for figure, value := range all {
				out <- prometheus.MustNewConstMetric(canaryDesc, prometheus.GaugeValue, value, r.Namespace, r.Name, side, string(figure))
			}
		}
	}
}

// gauges of what a status says.
func gauges(q *v1alpha1.IdentityQuality) map[figures.Name]float64 {
	if q == nil {
		return nil
	}
	return gaugesOf(map[figures.Name]float64{
		figures.LargestProfile: float64(q.LargestProfile), figures.SharedValues: float64(q.SharedValues),
		figures.RefusedMerges: float64(q.RefusedMerges), figures.Merges: float64(q.Merges), figures.Splits: float64(q.Splits),
	}, map[figures.Name]string{figures.LargeProfiles: q.LargeProfiles, figures.Jitter: q.Jitter}, q.Labels)
}

// gaugesOf adds to numbers the shares that are there, and what labels say.
func gaugesOf(out map[figures.Name]float64, shares map[figures.Name]string, l *v1alpha1.LabelQuality) map[figures.Name]float64 {
	if l != nil {
		out[figures.LabelledRecords] = float64(l.Records)
		if p := l.Pairs; p != nil {
			shares[figures.PairPrecision], shares[figures.PairRecall], shares[figures.PairF1] = p.Precision, p.Recall, p.F1
		}
		if b := l.BCubed; b != nil {
			shares[figures.BCubedPrecision], shares[figures.BCubedRecall], shares[figures.BCubedF1] = b.Precision, b.Recall, b.F1
		}
	}
	for figure, text := range shares {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			out[figure] = v
		}
	}
	return out
}

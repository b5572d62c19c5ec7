package segment

import (
	"testing"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// BenchmarkMillion is one evaluation of ten expressions over a million profiles with five million events and transactions:
//
//	go test ./internal/segment -run '^$' -bench Million -benchtime 1x
func BenchmarkMillion(b *testing.B) {
	w := newWorld(b, "3GB")
	str, dec := sqlgen.String, sqlgen.Decimal
	cfg := Config{
		Identity: w.people(`SELECT c AS "class", CAST(uuid AS VARCHAR) AS profile_id, i % 10 > 0 AS known, CASE i % 3 WHEN 0 THEN 'KR' WHEN 1 THEN 'US' END AS country,
				CAST(i % 90 AS BIGINT) AS age, 'sku-' || (i % 100) AS favourite FROM (SELECT i, md5(i::VARCHAR) AS uuid FROM range(1000000) t(i)) CROSS JOIN (VALUES ('analytics'), ('marketing')) c(c)`,
			`SELECT 'email' AS identifier, 'person' || i || '@mail.example' AS value, md5(i::VARCHAR) AS profile_id FROM range(1000000) t(i)
				UNION ALL SELECT 'anonymousId', 'visitor-' || i, md5(i::VARCHAR) FROM range(1000000) t(i)`),
		IdentifierOrder: []string{"email", "anonymousId"},
		Classes: []Class{{Name: "analytics", Purposes: []string{"analytics", "*"}, Sources: []string{"shop", "web"}},
			{Name: "marketing", Purposes: []string{"marketing"}, Sources: []string{"shop"}}},
		Sources: []Source{
			{Name: "web", RecordKind: "Event", Attributes: []Attribute{{"email", str, "email"}, {"anonymousId", str, "anonymousId"}, {"name", str, ""}, {"sku", str, ""}, {"page", str, ""}},
				Revision: w.source("web", `SELECT 'e' || i AS _key, TIMESTAMPTZ '2026-05-01 00:00:00+00' - to_seconds((i * 7919) % 31536000) AS _time,
					CASE WHEN i % 3 = 0 THEN 'person' || (hash(i) % 1000000) || '@mail.example' END AS email, 'visitor-' || (hash(i) % 1000000) AS anonymousId,
					CASE i % 4 WHEN 0 THEN 'Product Viewed' WHEN 1 THEN 'Cart Viewed' ELSE 'Page Viewed' END AS name, 'sku-' || (i % 1000) AS sku, '/page/' || i AS page FROM range(4000000) t(i)`)},
			{Name: "shop", RecordKind: "Transaction", Attributes: []Attribute{{"email", str, "email"}, {"amount", dec, ""}, {"cost", dec, ""}, {"sku", str, ""}},
				Revision: w.source("shop", `SELECT 't' || i AS _key, TIMESTAMPTZ '2026-05-01 00:00:00+00' - to_seconds((i * 7919) % 63072000) AS _time,
					'person' || (hash(i) % 1000000) || '@mail.example' AS email, CAST(i % 1000 AS DECIMAL(18,4)) AS amount, CAST(i % 600 AS DECIMAL(18,4)) AS cost, 'sku-' || (i % 1000) AS sku FROM range(1000000) t(i)`)},
		},
		Traits: []Trait{
			{"profit", "profit365", "transactions.filter(t, t.time > now - days(365)).sum(t, t.amount - t.cost)"},
			{"orders", "orders", "transactions.size()"},
			{"last-sku", "lastSku", `events.filter(e, e.name == "Product Viewed").latest(e, e.sku)`},
			{"recency", "lastSeen", "events.max(e, e.time)"},
			{"basket", "basket", "transactions.avg(t, t.amount)"},
			{"favourites", "favourites", "events.filter(e, e.sku == profile.favourite).size()"},
		},
	}
	seg := func(name, where string, rank *Rank) Segment {
		return Segment{Name: name, Where: where, Rank: rank, Purposes: []string{"analytics", "marketing", "*"}, Due: true}
	}
	limit := int64(10000)
	cfg.Segments = []Segment{
		seg("top", `profile.country == "KR" && percentile(profile.profit365) >= 0.9`, &Rank{By: "profile.profit365", Descending: true, Limit: &limit}),
		seg("viewers", `events.exists(e, e.name == "Product Viewed" && e.time > now - days(14))`, nil),
		seg("viewers-not-buyers", `inSegment("viewers") && !transactions.exists(t, t.time > now - days(14))`, nil),
		seg("loyal", `profile.orders >= 2 && profile.lastSeen > now - days(90)`, nil),
	}
	w.evaluateTimed(b, cfg)
}

func (w *world) evaluateTimed(b *testing.B, cfg Config) {
	for b.Loop() {
		_, res := w.evaluate(cfg)
		for _, m := range res.Members {
			b.Log(m)
		}
		if len(res.Errors) > 0 {
			b.Fatal(res.Errors)
		}
	}
}

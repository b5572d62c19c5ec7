// Package retail generates the example tenant: an outdoor retailer that gives its best customers early access to one shoe,
// "Trail One". It knows the story (story.go), gives every person a role in it (plan.go), makes the records that a CRM, a
// loyalty programme, a web shop, tills, a service desk and a consent store would hold of that person, and writes beside them the
// truth that it knows from having made them. It reads nothing that Kith writes and shares no code with it.
//
// Everything about a person is drawn from a generator seeded with the person's number, in integers only, so that neither the size
// of the population, the machine nor the order of work changes a byte; only a few bytes per person are held in memory.
package retail

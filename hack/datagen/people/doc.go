// Package people generates records of people, as the systems of a company or a census hold them, and the truth about who is who, to
// measure identity resolution by. It reads nothing that Kith writes and shares no code with it.
//
// A population is made of households, one after the other, each drawn from a generator seeded with its number, in integers only, so
// that neither the machine nor the order of work changes a byte. Rows are put in a random order through files on disk: what is held in
// memory are the hashes of the emails given out, 8 bytes each, and 100,000 rows. What it promises, and its tests count:
//
// Names. Surnames follow Zipf's and Mandelbrot's law over 150,000, in order of a list of common ones with syllables behind it: the most
// frequent has about 1.1% of the people (us, uk, de, fr); in kr they have the shares of the census (김 21.5%, 이 14.7%, 박 8.4%). Given
// names depend on sex and on the birth year's generation: the most frequent has 3% of those born before 1990, 2% of the younger; a
// quarter have names from beyond the list. One person in five whose name has a nickname gives it half of the time.
//
// Families. Households are singles (30%), couples (28%), couples with children (29%), one parent with children (8%) and flat shares
// (5%). Children have the surname and, until they leave between 18 and 30, the address and the landline of their parents. Most wives
// (us 78%, uk 82%, de 75%, fr 72%, kr 0%) take the husband's name, and their older records have another. Three births in a hundred are
// of twins. Of a hundred sons one or two have the father's name (not in kr). A quarter of the households live in blocks of flats, and
// people move every nine years: a fifth of the people share an address and surname with somebody else on file, three in ten of those
// with four and more records have lived in two cities, and in eight records of a hundred the address is older than the record.
//
// Contacts. People have none to four emails and one or two mobile numbers; half of the homes have a landline, which its people give in a
// third of their records. Children, and a few spouses, give those of the family. No two people are given the same email, numbers may repeat.
//
// Records. 53% of the people have one record, the mean is 2.05 and the most 20. They come from five sources, which lack:
//
//	source       birth date   gender   email   phone   address
//	crm              15%        10%      25%     15%       8%
//	shop             40%        40%       5%     20%       5%
//	loyalty           8%        15%      20%     20%      20%
//	newsletter       40%        40%       5%     40%      40%
//	callcentre       30%        30%      40%      5%      15%
//
// and a little more email, because some of the old have none. In a small share of those the source has a default instead: 1900-01-01,
// noreply@example.com, 000-000-0000. With Options.Census the sources are two censuses and a register, without email and phone.
//
// Mistakes. 16% (shop, newsletter), 26 to 28% (crm, loyalty) and 42% (callcentre) of the records have at least one; a third of those have
// two to four. About 60% of the mistaken records have a wrong name (misspelt, misheard, misread, an initial only, the middle name
// instead, given and surname swapped), 18% a wrong birth date (a digit, day and month swapped), 25% a wrong phone or email, 25% a wrong address
// (misspelt street or city, no house number, another postcode). Not counted as mistakes: capitals, small letters, spaces, abbreviated
// streets, phone numbers written differently, and the 18% of the records that have lost their umlauts and accents.
//
// What it leaves out: deaths, divorces, double names after a marriage, people who leave a household for another that is on file too,
// addresses that exist, and names in more than one script.
package people

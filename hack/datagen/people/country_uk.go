package people

import (
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

var uk = &country{
	code: "uk",
	surnames: strings.Fields(`
Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker White Roberts Green Hall Thomas Clarke Jackson Wood
Harris Edwards Turner Martin Cooper Hill Ward Hughes Moore Clark King Harrison Lewis Baker Lee Allen Morris Khan Scott Watson Davis Parker James Bennett
Young Phillips Richardson Mitchell Bailey Carter Cook Singh Shaw Bell Collins Morgan Kelly Begum Miller Cox Hussain Marshall Simpson Price Anderson Adams
Wilkinson Foster Ellis Murphy Chapman Mason Gray Richards Webb Rogers Hunt Mills Holmes Palmer Matthews Gibson Fisher Barnes Knight Lloyd Butler Russell
Barker Stevens Jenkins Dixon Fletcher Hunter Harvey Graham Pearson Ahmed Andrews Murray Kaur Howard Barrett Reynolds Walsh Brooks Ali Payne Fox Ryan Ford
Saunders West Reid Day Stewart Perry Armstrong Cole Lawrence Rose Dean Pearce Francis Akhtar Spencer Burton Stone Gardner Watts Carr Hart Oliver Atkinson
Lane Grant Newman Wells Webster Hamilton Campbell Macdonald Robertson Thomson Kennedy Ross Henderson Paterson Morrison Cameron Ferguson Duncan Johnston
Sutherland Burns Douglas McLean Wallace Gordon Kerr O'Brien O'Connor Byrne Doherty Gallagher McLaughlin McCarthy Quinn Griffiths Rees Bowen Powell Owen
Pritchard Parry Hopkins Jarvis Bishop Berry Carpenter Chambers Crawford Cunningham Curtis Dawson Elliott Field Fuller Gilbert Goodwin Greenwood Hawkins
Hayes Higgins Hodgson Hudson Hutchinson Kemp Lambert Lynch May Mahmood Miah Uddin Shah Chowdhury Nowak Kowalski Rahman Osborne Page Porter Potter Read
Robson Sharp Sutton Thornton Tucker Turnbull Wade Warren Weston Woods Yates Ashworth Barlow Birch Booth Bradley Briggs Davidson Frost Hewitt Holland Howe`),
	surnameTail: syllables{
		starts:  strings.Fields("Ack Ald Am Ap Ark Ash Bag Ban Bar Bat Beck Bed Ben Bick Bir Black Blen Bol Bos Brad Bram Bran Brom Buck Bur Cad Cal Can Car Cas Chat Chil Clay Cob Cod Col Con Cor Cot Cram Cul Dal Dan Den Der Dim Dod Dor Dray Dun Ed Eg El Em Es Ev Fal Far Fen Fin Fol Gar Gat Gil Glan God Gos Gran Grim Had Hag Hal Ham Han Har Has Hath Haw Heb Hem Hen Hol Hor Hough Hum In Ket Kim Kirk Lam Lang Lat Led Leigh Lin Lock Lud Mal Mar Mel Mid Mil Mit Mon Mort Nant Nes New Nor Nut Old Or Os Pad Pen Pick Pil Pres Quar Rad Ram Rav Red Rish Roth Row Ruth Sal Sand Scar Sed Shel Sher Sil Skel Staf Stan Stock Sut Swin Tad Tan Tem Thorn Til Tod Tren Tuf Up Wad Wal Wan Whit Wig Win Wool Wor Wyn Yar"),
		middles: strings.Fields("a e i en er in ing el al ou ar"),
		ends:    strings.Fields("bury by combe cock cote croft dale den der don er field ford gate ham head hurst ington ing ker land ley low man mond more ner ridge sall shaw side son stead ster stone ter thorpe ton tree vill wall ward way well wick wood worth yard"),
	},
	given: [2][4][]string{
		{
			strings.Fields("John William George James Ronald Robert Kenneth Frederick Thomas Albert Eric Edward Arthur Charles Leslie Sidney Frank Peter Dennis Joseph Alan Stanley Ernest Harold Norman Raymond Leonard Brian Donald Derek"),
			strings.Fields("David Paul Andrew Mark John Michael Stephen Ian Robert Richard Christopher Peter Simon Anthony Kevin Gary Steven Martin James Philip Alan Neil Nigel Timothy Colin Graham Jonathan Nicholas William Adrian Brian Stuart Keith Trevor"),
			strings.Fields("Christopher James David Daniel Michael Matthew Andrew Richard Paul Mark Thomas Adam Robert John Lee Benjamin Steven Jonathan Craig Stephen Simon Nicholas Peter Anthony Alexander Gary Ian Ryan Darren Barry Mohammed Imran Gareth Jamie"),
			strings.Fields("Jack Thomas James Joshua Daniel Oliver Harry Samuel William Joseph Charlie Alfie George Mohammed Luke Callum Matthew Jake Ethan Lewis Jacob Benjamin Ryan Liam Max Noah Muhammad Oscar Archie Leo Connor Nathan Kieran"),
		},
		{
			strings.Fields("Margaret Mary Joan Joyce Dorothy Kathleen Doris Irene Betty Eileen Jean Sheila Barbara Patricia Elizabeth Sylvia Audrey Brenda Doreen Maureen Shirley Vera Hilda Edna Marjorie Pamela June Beryl Rita Edith"),
			strings.Fields("Susan Julie Karen Jacqueline Deborah Tracey Jane Helen Diane Sharon Tracy Angela Sarah Alison Caroline Amanda Sandra Linda Catherine Elizabeth Carol Joanne Wendy Janet Dawn Christine Nicola Lesley Gillian Anne Margaret Lorraine Denise Jill"),
			strings.Fields("Sarah Claire Emma Laura Rebecca Gemma Rachel Kelly Victoria Katherine Lisa Nicola Joanne Michelle Samantha Louise Hannah Helen Amy Jennifer Leanne Natalie Donna Zoe Charlotte Catherine Stacey Danielle Kerry Natasha Fatima Aisha Katie"),
			strings.Fields("Emily Chloe Megan Jessica Sophie Charlotte Hannah Olivia Lauren Amelia Lucy Ella Grace Mia Isabella Ruby Lily Evie Ava Georgia Bethany Katie Molly Holly Caitlin Abigail Poppy Freya Isla Leah Daisy Zara Maisie Phoebe"),
		},
	},
	givenTail:     us.givenTail,
	nicknames:     english,
	middlePercent: 65,
	takesName:     82,
	namesakes:     2,
	cities: []string{
		"London,Greater London,SE", "London,Greater London,N", "London,Greater London,SW", "London,Greater London,E", "Birmingham,West Midlands,B", "Manchester,Greater Manchester,M",
		"Leeds,West Yorkshire,LS", "Glasgow,Scotland,G", "Liverpool,Merseyside,L", "Sheffield,South Yorkshire,S", "Bristol,Avon,BS", "Edinburgh,Scotland,EH", "Leicester,Leicestershire,LE",
		"Coventry,West Midlands,CV", "Bradford,West Yorkshire,BD", "Cardiff,Wales,CF", "Belfast,Northern Ireland,BT", "Nottingham,Nottinghamshire,NG", "Newcastle upon Tyne,Tyne and Wear,NE",
		"Southampton,Hampshire,SO", "Plymouth,Devon,PL", "Derby,Derbyshire,DE", "Reading,Berkshire,RG", "Wolverhampton,West Midlands,WV", "Stoke-on-Trent,Staffordshire,ST", "Swansea,Wales,SA",
		"Northampton,Northamptonshire,NN", "Portsmouth,Hampshire,PO", "Luton,Bedfordshire,LU", "Norwich,Norfolk,NR", "York,North Yorkshire,YO", "Oxford,Oxfordshire,OX", "Cambridge,Cambridgeshire,CB",
		"Ipswich,Suffolk,IP", "Aberdeen,Scotland,AB", "Dundee,Scotland,DD", "Exeter,Devon,EX", "Gloucester,Gloucestershire,GL", "Bath,Somerset,BA", "Preston,Lancashire,PR", "Blackpool,Lancashire,FY",
	},
	townTail: syllables{
		starts: strings.Fields("Ash Ald Al Ban Bas Bed Brack Brent Brom Chel Ches Chip Cor Crow Dar Dun East Farn Great Hal Har Hast High Hor Ken Kings Led Little Long Lut Mal Mar New North Old Ox Pet Red Ship Sid South Stam Stan Swin Taun Thet Up Wake Wal West Whit Win Wood"),
		ends:   strings.Fields("bourne bridge bury by combe don field ford ham hampton head hurst leigh ley mouth port stead stoke stow thorpe ton water well wick worth")},
	streets: strings.Fields("High Station Church Park Victoria Green Manor Kings Queens Mill London New York Grange North South West School Albert Windsor Springfield Chapel George Broad Alexandra " +
		"Stanley Highfield Richmond Cross Bridge Crescent Meadow Orchard Woodland Vicarage Rectory Elm Beech Oak Ash Chestnut Sycamore Cedar Hawthorn Northfield"),
	streetTail: syllables{
		starts: strings.Fields("Ald Ash Bar Beech Birch Black Bram Bright Brook Chest Clare Clif Cran Dale Fair Fern Garth Glen Gold Hart Hazel Heath Holl Ivy Kirk Lang Lime Lin Long Maple Mead Moor Nor Pem Prim Ray Rose Rush Salis Sher Stan Thorn Wal Wel Wil Wind Wood"),
		ends:   strings.Fields("bourne brook bury croft dale den fields ford gate hurst land leigh ley mead mont side stone ton well wood worth")},
	streetKinds:   []string{"Road", "Street", "Lane", "Avenue", "Close", "Drive", "Way", "Gardens", "Terrace"},
	abbreviations: map[string]string{"Road": "Rd", "Street": "St", "Lane": "Ln", "Avenue": "Ave", "Close": "Cl", "Drive": "Dr", "Gardens": "Gdns", "Terrace": "Terr"},
	joinStreet:    func(name, kind string) string { return name + " " + kind },
	houseNumbers:  160,
	postcode: func(prefix string, city, street, house int64) string {
		const letters = "ABDEFGHJLNPQRSTUWXYZ"
		h := draw.Mix(uint64(city)<<40 ^ uint64(street)<<8 ^ uint64(house/30))
		return prefix + digits(1+street%29, 1) + " " + digits(int64(h%10), 1) + string(letters[h>>8%20]) + string(letters[h>>16%20])
	},
	domains:    []string{"gmail.com", "hotmail.co.uk", "hotmail.com", "yahoo.co.uk", "outlook.com", "btinternet.com", "icloud.com", "sky.com", "live.co.uk", "talktalk.net", "virginmedia.com"},
	companyEnd: ".co.uk",
	phones: phonePlan{
		mobile: func(r draw.RNG, _ int64) string {
			return "07" + digits(r.Between(300, 999), 3) + digits(r.Below(1_000_000), 6)
		},
		line: func(r draw.RNG, area int64) string {
			return "01" + digits(area, 3) + digits(r.Between(200_000, 999_999), 6)
		},
		area:  func(h uint64) int64 { return 200 + int64(h%780) },
		forms: []string{"##### ######", "###########", "##### ### ###", "#####-######"},
	},
}

package people

// english given names and what their bearers are called.
var english = map[string][]string{
	"William": {"Bill", "Will", "Billy", "Liam"}, "Robert": {"Bob", "Rob", "Bobby"}, "Richard": {"Rick", "Dick", "Rich"}, "James": {"Jim", "Jimmy", "Jamie"}, "John": {"Jack", "Johnny"},
	"Michael": {"Mike", "Mick"}, "Charles": {"Charlie", "Chuck"}, "Thomas": {"Tom", "Tommy"}, "Joseph": {"Joe", "Joey"}, "Christopher": {"Chris"}, "Daniel": {"Dan", "Danny"}, "Matthew": {"Matt"},
	"Anthony": {"Tony"}, "Donald": {"Don"}, "Steven": {"Steve"}, "Stephen": {"Steve"}, "Andrew": {"Andy", "Drew"}, "Kenneth": {"Ken"}, "Joshua": {"Josh"}, "Edward": {"Ed", "Ted", "Eddie"},
	"Timothy": {"Tim"}, "Jeffrey": {"Jeff"}, "Gregory": {"Greg"}, "Ronald": {"Ron"}, "Jonathan": {"Jon"}, "Nicholas": {"Nick"}, "Benjamin": {"Ben"}, "Samuel": {"Sam"}, "Alexander": {"Alex", "Sandy"},
	"Patrick": {"Pat", "Paddy"}, "Raymond": {"Ray"}, "Lawrence": {"Larry"}, "Douglas": {"Doug"}, "Frederick": {"Fred"}, "Gerald": {"Gerry"}, "Walter": {"Walt"}, "Albert": {"Bert", "Al"}, "Philip": {"Phil"},
	"Peter": {"Pete"}, "Leonard": {"Len"}, "David": {"Dave"}, "Zachary": {"Zach"}, "Nathan": {"Nate"}, "Jacob": {"Jake"}, "Eugene": {"Gene"}, "Arthur": {"Art"}, "Harold": {"Harry"}, "Brandon": {"Bran"},
	"Elizabeth": {"Liz", "Beth", "Betty", "Lizzie"}, "Margaret": {"Maggie", "Peggy", "Meg"}, "Patricia": {"Pat", "Patty", "Trish"}, "Jennifer": {"Jen", "Jenny"}, "Barbara": {"Barb"}, "Susan": {"Sue", "Susie"},
	"Jessica": {"Jess"}, "Katherine": {"Kate", "Kathy", "Katie"}, "Catherine": {"Cathy", "Cate"}, "Kathleen": {"Kathy"}, "Deborah": {"Debbie", "Deb"}, "Rebecca": {"Becky"}, "Stephanie": {"Steph"},
	"Christine": {"Chris", "Tina"}, "Christina": {"Tina", "Chrissy"}, "Samantha": {"Sam"}, "Victoria": {"Vicky", "Tori"}, "Kimberly": {"Kim"}, "Pamela": {"Pam"}, "Cynthia": {"Cindy"}, "Sandra": {"Sandy"},
	"Jacqueline": {"Jackie"}, "Dorothy": {"Dot", "Dottie"}, "Judith": {"Judy"}, "Nicola": {"Nicky"}, "Alexandra": {"Alex"}, "Amanda": {"Mandy"}, "Melissa": {"Mel"}, "Michelle": {"Shelly"}, "Teresa": {"Terri"},
	"Abigail": {"Abby"}, "Madison": {"Maddie"}, "Isabella": {"Bella"}, "Olivia": {"Liv"}, "Angela": {"Angie"}, "Danielle": {"Dani"}, "Joanne": {"Jo"}, "Frances": {"Fran"}, "Virginia": {"Ginny"}, "Evelyn": {"Evie"},
}

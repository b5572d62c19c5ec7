package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const key = "CLUSTER_ID,DATA_SOURCE,RECORD_ID\n1,CRM,a\n1,CRM,b\n1,WEB,a\n2,WEB,b\n"

func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.csv")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	head := "source,record_key,profile_id\n"
	for _, c := range []struct{ name, members, out, err string }{
		{"all right", head + "crm,a,p\ncrm,b,p\nweb,a,p\nweb,b,q\n", "4 records; 3 pairs put together, 3 belong together, 3 are both; precision 1.0000, recall 1.0000", ""},
		{"one pair", head + "crm,a,p\ncrm,b,p\nweb,a,q\nweb,b,r\n", "4 records; 1 pairs put together, 3 belong together, 1 are both; precision 1.0000, recall 0.3333", ""},
		{"none", head + "crm,a,p\ncrm,b,q\nweb,a,r\nweb,b,s\n", "4 records; 0 pairs put together, 3 belong together, 0 are both; precision 1.0000, recall 0.0000", ""},
		{"wrong", head + "crm,a,p\ncrm,b,p\nweb,a,q\nweb,b,q\n", "4 records; 2 pairs put together, 3 belong together, 1 are both; precision 0.5000, recall 0.3333", "WEB/a and WEB/b"},
		{"lost", head + "crm,a,p\ncrm,b,p\nweb,a,q\n", "", "WEB/b is missing"},
		{"too many", head + "crm,a,p\ncrm,b,p\nweb,a,q\nweb,b,q\nweb,c,q\n", "", "5 members, and 4 records"},
		{"columns", "a,b\n1,2\n", "", "are needed"},
		{"empty", "", "", "empty"},
	} {
		var out strings.Builder
		err := run([]string{"-key", file, "-max-false", "0"}, strings.NewReader(c.members), &out)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
		if strings.TrimSpace(out.String()) != c.out {
			t.Errorf("%s: %q, want %q", c.name, out.String(), c.out)
		}
	}
}

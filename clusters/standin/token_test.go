package standin

import "testing"

func FuzzStatement(f *testing.F) {
	for _, query := range []string{
		"SHOW REPLICAS", "SET REPLICATION ROLE TO REPLICA WITH PORT 10000", "REGISTER REPLICA `a b` STRICT_SYNC TO \"h:1\"",
		"CREATE USER IF NOT EXISTS u IDENTIFIED BY 'p\\'q'", "TERMINATE TRANSACTIONS '1', '2'", "STORAGE MODE IN_MEMORY_ANALYTICAL",
		"DROP REPLICA", "'", "SHOW STORAGE INFO ON CURRENT DATABASE;", ";;", "",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		s := &session{i: &Instance{version: version{3, 12, 0}}}
		st, err := s.parse(query)
		if err == nil && st != nil && st.run == nil {
			t.Fatalf("%q is a statement that does nothing", query)
		}
	})
}

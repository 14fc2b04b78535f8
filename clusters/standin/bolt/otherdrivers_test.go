package bolt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt/drivers"
)

// TestOtherDrivers runs the programs of testdata/drivers, each with the driver
// of its name. The README there says how to install the drivers.
func TestOtherDrivers(t *testing.T) {
	for _, driver := range drivers.Installed(t) {
		t.Run(driver.Name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase()
			t.Log(driver.Run(t, "testdata/drivers/drive", "bolt://"+listen(t, db)))
			require.Subset(t, db.calls(), []string{"login ann", "login bob", "login eve"})
		})
	}
}

package local

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "an authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key, der := sign(t, template, template, nil)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{certificate, key}
}

// sign makes a key and the certificate of a template, signed by a parent; without a
// parent's key by itself.
func sign(t *testing.T, template, parent *x509.Certificate, by *ecdsa.PrivateKey) (key *ecdsa.PrivateKey, der []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	if by == nil {
		by = key
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err = x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	require.NoError(t, err)
	return key, der
}

// pool trusts the authority.
func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

func writePEM(t *testing.T, path, kind string, der []byte) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

// secured makes a program that runs the database with a certificate for 127.0.0.1.
func (a authority) secured(t *testing.T, dir string) (program string) {
	t.Helper()
	key, der := sign(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, a.certificate, a.key)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	script := fmt.Sprintf("#!/bin/sh\nexec %q \"$@\" --bolt-cert-file=%q --bolt-key-file=%q\n", programs.Database,
		writePEM(t, filepath.Join(dir, "cert.pem"), "CERTIFICATE", der), writePEM(t, filepath.Join(dir, "key.pem"), "PRIVATE KEY", secret))
	program = filepath.Join(dir, "memgraph-with-tls")
	require.NoError(t, os.WriteFile(program, []byte(script), 0o700))
	return program
}

// ask runs RETURN 1 with a driver of its own.
func ask(ctx context.Context, url string, auth neo4j.AuthToken, roots *x509.CertPool) error {
	driver, err := neo4j.NewDriverWithContext(url, auth, func(c *config.Config) {
		c.MaxTransactionRetryTime = time.Second
		if roots != nil {
			c.TlsConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		}
	})
	if err != nil {
		return err
	}
	defer driver.Close(ctx)
	return driver.VerifyConnectivity(ctx)
}

func TestTLSOfTheDatabasePassesThroughBothGateways(t *testing.T) {
	rounds(t, 1, 1)
	dir, ours, others := t.TempDir(), newAuthority(t), newAuthority(t)
	ca := writePEM(t, filepath.Join(dir, "ca.pem"), "CERTIFICATE", ours.certificate.Raw)
	c := Start(t, Programs{Controller: programs.Controller, Database: ours.secured(t, dir)}, "--database-tls", "--database-ca", ca)
	everyway := func() {
		t.Helper()
		for name, address := range map[string]string{"write": c.Write, "read": c.Read} {
			require.NoError(t, ask(t.Context(), "bolt+s://"+address, neo4j.NoAuth(), ours.pool()), name)
			require.NoError(t, ask(t.Context(), "bolt+ssc://"+address, neo4j.NoAuth(), nil), name)
			require.ErrorContains(t, ask(t.Context(), "bolt+s://"+address, neo4j.NoAuth(), others.pool()), "certificate", name)
			require.Error(t, ask(t.Context(), "bolt://"+address, neo4j.NoAuth(), nil), name)
		}
	}
	everyway()
	before := c.Whole()
	c.Signal(main(before), syscall.SIGKILL)
	c.Until("another is main", 10*time.Second, func(s api.Status) bool { return main(s) != "" && main(s) != main(before) })
	everyway()
	after := main(c.Whole())
	_, err := c.backup(after)
	require.Error(t, err)
	snapshot, err := c.backup(after, "--database-tls")
	require.NoError(t, err)
	content, err := io.ReadAll(snapshot)
	require.NoError(t, err)
	require.NotEmpty(t, content)
}

// A client that insists on TLS is told so by a reset, whatever the database speaks.
func TestReadGatewayThatChecksLoginsRefusesTLS(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs, "--user", user, "--password", password)
	require.Error(t, ask(t.Context(), "bolt+ssc://"+c.Read, right(), nil))
	require.NoError(t, ask(t.Context(), "bolt://"+c.Read, right(), nil))
	status, err := c.Status()
	require.NoError(t, err)
	require.Positive(t, status.Gateways[1].Counters.Rejected["tls"])
	require.Contains(t, c.tail(1<<20), "reason=tls")
}

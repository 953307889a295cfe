package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"os"
	"sync"
	"time"
)

// tlsHandshake is the first byte that a client of TLS sends (RFC 8446, 5.1).
const tlsHandshake = 0x16

// queue is a listener whose connections somebody else accepts.
type queue struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newQueue() *queue {
	return &queue{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case connection := <-q.connections:
		return connection, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

func (q *queue) Close() error {
	q.once.Do(func() { close(q.closed) })
	return nil
}

func (q *queue) Addr() net.Addr { return &net.TCPAddr{} }

// peeked is a connection of which some bytes have been read already.
type peeked struct {
	net.Conn
	reader *bufio.Reader
}

func (p peeked) Read(into []byte) (int, error) { return p.reader.Read(into) }

// sort gives each connection to the queue that its first byte asks for.
func sort(listener net.Listener, plain, secure *queue) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Println("accept:", err)
			return
		}
		go func() {
			reader := bufio.NewReader(connection)
			first, err := reader.Peek(1)
			if err != nil { // a probe that only connects
				connection.Close()
				return
			}
			target := plain
			if first[0] == tlsHandshake {
				target = secure
			}
			select {
			case target.connections <- peeked{connection, reader}:
			case <-target.closed:
				connection.Close()
			}
		}()
	}
}

// encrypted serves TLS with a certificate made for this start: probes do not check it.
func encrypted(inner net.Listener) net.Listener {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	host, _ := os.Hostname()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		NotBefore:    now.Add(-24 * time.Hour), // the clock of a host may be wrong
		NotAfter:     now.AddDate(1, 0, 0),
		DNSNames:     []string{name, host},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.NewListener(inner, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}},
	})
}

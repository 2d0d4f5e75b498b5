// Command verify holds Pawl's audit log against the original implementation of signed notes and tiled
// logs, golang.org/x/mod/sumdb, which is what Go's own checksum database is read with. What is decided
// here is only where a file lies; Pawl's origin and paths are not those of Go's database.
//
//	verify log PREFIX VKEY [CHECKPOINT]
//	verify proof FILE VKEY LEAF
//
// PREFIX is an address or a folder, CHECKPOINT a file with an earlier one, LEAF the leaf in hexadecimal.
// It ends with 0 when all is sound, else with 1 and a sentence.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// height is that of a tile: 256 hashes.
const height = 8

// open checks the signature on a checkpoint and reads it.
func open(message []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin, rest, _ := strings.Cut(signed.Text, "\n")
	if origin != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is of another log: %q", origin)
	}
	// The parser knows the origin of Go's database only.
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

// files are those of a log, at an address or in a folder.
type files string

func (prefix files) read(path string) ([]byte, error) {
	where := string(prefix) + "/" + path
	if !strings.HasPrefix(where, "http") {
		return os.ReadFile(where)
	}
	answer, err := http.Get(where)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", where, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// tile reads a tile of hashes, or at level -1 of entries, whose paths in Go's database name the height.
func (prefix files) tile(tile tlog.Tile) ([]byte, error) {
	path := strings.Replace(tile.Path(), "tile/8/data/", "tile/8/entries/", 1)
	return prefix.read(strings.Replace(path, "tile/8/", "tile/", 1))
}

// Height, ReadTiles and SaveTiles make files a tlog.TileReader.
func (prefix files) Height() int                     { return height }
func (prefix files) SaveTiles([]tlog.Tile, [][]byte) {}
func (prefix files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(tiles))
	for i, tile := range tiles {
		content, err := prefix.tile(tile)
		if err != nil {
			return nil, err
		}
		read[i] = content
	}
	return read, nil
}

// tilesOf lists the tiles of a tree at one level, the partial one included; at level -1 the bundles.
func tilesOf(level int, size int64) []tlog.Tile {
	hashes := size
	if level > 0 {
		hashes = size >> (height * level)
	}
	var tiles []tlog.Tile
	for n := int64(0); n<<height < hashes; n++ {
		width := hashes - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		tiles = append(tiles, tlog.Tile{H: height, L: level, N: n, W: int(width)})
	}
	return tiles
}

// stored are all hashes of a tree that is made anew, in the order that tlog gives them.
type stored []tlog.Hash

func (hashes stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	read := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		read[i] = hashes[index]
	}
	return read, nil
}

// rebuild makes the tree anew from the entry bundles.
func rebuild(prefix files, size int64) (stored, error) {
	var hashes stored
	for _, bundle := range tilesOf(-1, size) {
		content, err := prefix.tile(bundle)
		if err != nil {
			return nil, err
		}
		for i := 0; i < bundle.W; i++ {
			if len(content) < 2 || len(content)-2 < int(binary.BigEndian.Uint16(content)) {
				return nil, fmt.Errorf("entry bundle %d is cut off", bundle.N)
			}
			length := 2 + int(binary.BigEndian.Uint16(content))
			index := bundle.N<<height + int64(i)
			more, err := tlog.StoredHashes(index, content[2:length], hashes)
			if err != nil {
				return nil, err
			}
			hashes, content = append(hashes, more...), content[length:]
		}
		if len(content) > 0 {
			return nil, fmt.Errorf("entry bundle %d is too long", bundle.N)
		}
	}
	return hashes, nil
}

func verifyLog(prefix files, vkey string, earlier []string) error {
	message, err := prefix.read("checkpoint")
	if err != nil {
		return err
	}
	tree, err := open(message, vkey)
	if err != nil {
		return err
	}
	hashes, err := rebuild(prefix, tree.N)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil || root != tree.Hash {
		return errors.New("the entries do not make up the tree that was signed")
	}
	// tlog.TileHashReader leaves out tiles where several subtrees of the right edge stand in one, so
	// every tile is held against the tree that was made anew.
	for level := 0; tree.N>>(height*level) > 0; level++ {
		for _, tile := range tilesOf(level, tree.N) {
			served, err := prefix.tile(tile)
			if err != nil {
				return err
			}
			made, err := tlog.ReadTileData(tile, hashes)
			if err != nil || !bytes.Equal(served, made) {
				return fmt.Errorf("%s does not fit the entries", tile.Path())
			}
		}
	}
	for _, file := range earlier {
		message, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		old, err := open(message, vkey)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, prefix))
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return err
		}
	}
	fmt.Printf("sound: %d leaves\n", tree.N)
	return nil
}

// verifyProof checks a proof in the form of c2sp.org/tlog-proof.
func verifyProof(file, vkey, leaf string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, message, _ := strings.Cut(string(content), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("the file is no proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil || lines[1] != fmt.Sprintf("index %d", index) {
		return errors.New("the index is no number as it is written")
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	tree, err := open([]byte(message), vkey)
	if err != nil {
		return err
	}
	data, err := hex.DecodeString(leaf)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(data)); err != nil {
		return err
	}
	fmt.Printf("sound: leaf %d of %d\n", index, tree.N)
	return nil
}

func run(arguments []string) error {
	switch {
	case len(arguments) >= 3 && arguments[0] == "log":
		return verifyLog(files(arguments[1]), arguments[2], arguments[3:])
	case len(arguments) == 4 && arguments[0] == "proof":
		return verifyProof(arguments[1], arguments[2], arguments[3])
	}
	return errors.New("usage: verify log PREFIX VKEY [CHECKPOINT]... | verify proof FILE VKEY LEAF")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "not sound:", err)
		os.Exit(1)
	}
}

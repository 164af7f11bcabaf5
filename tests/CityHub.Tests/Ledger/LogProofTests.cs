using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger;

public sealed class LogProofTests
{
    private const string Origin = "city.example/audit";
    private static readonly byte[] Entry = "{\"act\":\"released\"}"u8.ToArray();
    private static readonly NoteSigner Log = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1);
    private static readonly NoteSigner[] Depts = [.. Enumerable.Range(2, 4).Select(i => LedgerKeys.Signer($"dept{i}.example/witness", NoteKeyType.Ed25519Cosignature, (byte)i))];
    private static readonly WitnessPolicy Policy = WitnessPolicy.Parse(
        $"log {Log.Verifier}\n" + string.Concat(Depts.Select((one, i) => $"witness d{i} {one.Verifier}\n")) + "group depts 3 d0 d1 d2 d3\nquorum depts\n");

    /// <summary>A complete tree of 2^20 entries, of which only the way from one entry to the root is known.</summary>
    private static LogProof Make(HashFunction hash, NoteSigner log, NoteSigner[] witnesses, byte[]? extra = null, long index = 654_321)
    {
        var random = new Random(20);
        var at = MerkleTree.LeafHash(hash, Entry);
        var hashes = new List<byte[]>();
        for (var level = 0; level < 20; level++)
        {
            var sibling = new byte[32];
            random.NextBytes(sibling);
            hashes.Add(sibling);
            var into = new byte[32];
            if ((index >> level & 1) == 0)
                MerkleTree.NodeHash(hash, at, sibling, into);
            else
                MerkleTree.NodeHash(hash, sibling, at, into);
            at = into;
        }

        return new LogProof(hash, extra, index, hashes, SignedNote.Sign(new Checkpoint(log.Verifier.Name, 1 << 20, at).Body, [log, .. witnesses]));
    }

    [Fact]
    public void A_receipt_of_a_million_entries_with_four_witnesses_is_verified_and_has_at_most_3_kB()
    {
        var proof = Make(HashFunctions.Sha256, Log, Depts);
        var bytes = proof.ToBytes();
        Assert.InRange(bytes.Length, 1, 3000);
        var verdict = LogProof.Parse(bytes).VerifyEntry(Entry, Policy);
        Assert.True(verdict.Accepted, verdict.Why);
        Assert.Equal(4, verdict.Cosignatures.Count);
        Assert.Equal(1 << 20, verdict.Checkpoint?.Size);
        TestContext.Current.TestOutputHelper?.WriteLine($"receipt: {bytes.Length} bytes");
    }

    [Fact]
    public void The_example_of_the_specification_has_this_shape()
    {
        var text = Make(HashFunctions.Sha256, Log, [], extra: [1, 2, 3], index: 73894).ToString().Split('\n');
        Assert.Equal(["c2sp.org/tlog-proof@v1", "extra AQID", "index 73894"], text[..3]);
        Assert.All(text[3..23], line => Assert.Equal(44, line.Length));
        Assert.Equal(["", Origin, "1048576"], text[23..26]);
    }

    [Fact]
    public void A_receipt_of_another_entry_index_proof_or_policy_is_refused_with_a_reason()
    {
        var proof = Make(HashFunctions.Sha256, Log, Depts);
        Assert.Contains("the entry or the proof was changed", proof.VerifyEntry("another"u8, Policy).Why, StringComparison.Ordinal);
        Assert.False(new LogProof(proof.Hash, null, proof.Index + 1, proof.Hashes, proof.Checkpoint).VerifyEntry(Entry, Policy).Accepted);
        Assert.False(new LogProof(proof.Hash, null, proof.Index, [.. proof.Hashes.Skip(1)], proof.Checkpoint).VerifyEntry(Entry, Policy).Accepted);
        Assert.False(new LogProof(proof.Hash, null, 1 << 20, proof.Hashes, proof.Checkpoint).VerifyEntry(Entry, Policy).Accepted);
        Assert.Contains("quorum is not met", Make(HashFunctions.Sha256, Log, Depts[..2]).VerifyEntry(Entry, Policy).Why, StringComparison.Ordinal);
        Assert.False(proof.Verify(MerkleTree.LeafHash(HashFunctions.Sha256, Entry).AsSpan(1), Policy).Accepted);
    }

    [Fact]
    public void Every_changed_byte_of_a_receipt_without_extra_is_found()
    {
        var bytes = Make(HashFunctions.Sha256, Log, Depts[..3]).ToBytes();
        var leaf = MerkleTree.LeafHash(HashFunctions.Sha256, Entry);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 2;
            Assert.False(LogProof.TryParse(bytes, out var proof, out _) && proof.Verify(leaf, Policy).Accepted, $"byte {i}");
            bytes[i] ^= 2;
        }
    }

    [Fact]
    public void A_receipt_of_the_SM3_tree_says_so_and_neither_is_taken_for_the_other()
    {
        var log = LedgerKeys.Signer("city.example/audit/sm3", NoteKeyType.Sm2, 11);
        var witness = LedgerKeys.Signer("gm.example/w", NoteKeyType.Sm2Cosignature, 12);
        var policy = WitnessPolicy.Parse($"log {log.Verifier}\nwitness w {witness.Verifier}\nquorum w\n");
        var proof = Make(HashFunctions.Sm3, log, [witness]);
        var text = proof.ToString();
        Assert.StartsWith("cityhub/tlog-proof-sm3@v1\n", text, StringComparison.Ordinal);
        Assert.True(LogProof.Parse(proof.ToBytes()).VerifyEntry(Entry, policy).Accepted);

        // The same numbers under the other name, and a tree of the wrong hash under the right key.
        var renamed = LogProof.Parse(Encoding.UTF8.GetBytes(text.Replace("cityhub/tlog-proof-sm3@v1", "c2sp.org/tlog-proof@v1", StringComparison.Ordinal)));
        Assert.Contains("signs trees of", renamed.VerifyEntry(Entry, policy).Why, StringComparison.Ordinal);
        Assert.False(Make(HashFunctions.Sha256, log, [witness]).VerifyEntry(Entry, policy).Accepted);
        Assert.False(Make(HashFunctions.Sm3, Log, Depts).VerifyEntry(Entry, Policy).Accepted);
    }

    [Theory]
    [InlineData("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2")]
    [InlineData("index 654321", "index 0654321")]
    [InlineData("index 654321", "index -1")]
    [InlineData("index 654321", "Index 654321")]
    [InlineData("index 654321", "extra \nindex 654321")]
    [InlineData("index 654321", "extra AQIE=\nindex 654321")]
    [InlineData("index 654321", "extra AQID\nextra AQID\nindex 654321")]
    [InlineData("index 654321\n", "index 654321\n\n")]
    [InlineData("index 654321\n", "index 654321\nAAAA\n")]
    [InlineData("index 654321\n", "")]
    [InlineData("\n\ncity", "\ncity")]
    public void What_is_not_a_receipt_is_refused_with_a_reason(string old, string with)
    {
        var text = Make(HashFunctions.Sha256, Log, []).ToString();
        var changed = text.Replace(old, with, StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        Assert.False(LogProof.TryParse(Encoding.UTF8.GetBytes(changed), out _, out var why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void Sixty_three_hashes_are_read_and_sixty_four_are_not()
    {
        var line = Convert.ToBase64String(new byte[32]) + "\n";
        var tail = "\n" + SignedNote.Sign(new Checkpoint(Origin, 1, new byte[32]).Body, Log);
        Assert.True(LogProof.TryParse(Encoding.UTF8.GetBytes("c2sp.org/tlog-proof@v1\nindex 0\n" + string.Concat(Enumerable.Repeat(line, 63)) + tail), out _, out _));
        Assert.False(LogProof.TryParse(Encoding.UTF8.GetBytes("c2sp.org/tlog-proof@v1\nindex 0\n" + string.Concat(Enumerable.Repeat(line, 64)) + tail), out _, out _));
    }

    [Fact]
    public void Readers_accept_only_what_they_would_write_and_throw_nothing()
    {
        var random = new Random(99);
        var from = Make(HashFunctions.Sha256, Log, Depts[..1], extra: [9, 9]).ToBytes();
        var accepted = 0;
        for (var round = 0; round < 10_000; round++)
        {
            var bytes = Mutations.Change(random, from);
            if (!LogProof.TryParse(bytes, out var proof, out _))
                continue;
            Assert.True(proof.ToBytes().AsSpan().SequenceEqual(bytes));
            accepted++;
        }

        Assert.InRange(accepted, 50, 9_900);
    }
}

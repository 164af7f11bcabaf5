using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Evidence;

public sealed class ReceiptTests
{
    private static readonly EvidenceLog City = new(11);

    [Fact]
    public void A_receipt_brings_its_entry_along_and_is_verified_with_nothing_but_a_policy()
    {
        for (var i = 0; i < 11; i++)
        {
            Assert.True(Receipt.TryRead(City.Receipt(i), null, out var receipt, out var why), why);
            var verdict = receipt.Verify(City.Policy);
            Assert.True(verdict.Accepted, verdict.Why);
            Assert.Equal(4, verdict.Cosignatures.Count);
            Assert.Equal(i + 1, receipt.Leaf?.Position);
            Assert.Equal("DataAccessed", receipt.Leaf?.Type);
            Assert.Equal($"act/{i % 3}", receipt.Leaf?.Stream);
        }
    }

    /// <summary>A complete tree of 2^20 entries, of which only the way from one of them to the root is made.</summary>
    [Fact]
    public void Of_a_million_entries_with_four_witnesses_it_has_at_most_3_kB_with_its_entry()
    {
        var (entry, random, hashes) = (City.Leaf(0), new Random(20), new List<byte[]>());
        var root = MerkleTree.LeafHash(HashFunctions.Sha256, entry);
        for (var level = 0; level < 20; level++)
        {
            var sibling = new byte[32];
            random.NextBytes(sibling);
            hashes.Add(sibling);
            MerkleTree.NodeHash(HashFunctions.Sha256, root, sibling, root);
        }

        var note = SignedNote.Sign(new Checkpoint(EvidenceLog.Origin, 1 << 20, root).Body, [City.Log, .. City.Witnesses]);
        var bytes = Receipt.Write(new LogProof(HashFunctions.Sha256, null, 0, hashes, note), entry);
        Assert.True(Receipt.TryRead(bytes, null, out var receipt, out _));
        Assert.True(receipt.Verify(City.Policy).Accepted);
        Assert.InRange(bytes.Length, 1, 3000);
        TestContext.Current.TestOutputHelper?.WriteLine($"receipt with its entry: {bytes.Length} bytes");
    }

    [Fact]
    public void Every_changed_byte_is_found()
    {
        // With one witness more than needed, the name of one could be changed: it would not be counted.
        var bytes = new EvidenceLog(11, signing: 3).Receipt(6);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 2;
            Assert.False(Receipt.TryRead(bytes, null, out var receipt, out _) && receipt.Verify(City.Policy).Accepted, $"byte {i}");
            bytes[i] ^= 2;
        }
    }

    [Fact]
    public void Salt_and_content_open_the_entry_under_both_hash_functions_and_nothing_else_does()
    {
        Assert.True(CommittedLeaf.TryRead(City.Leaf(3), out var leaf, out _));
        Assert.Equal(["SHA-256", "SM3"], leaf.Commitments.Select(c => c.Hash.Name));
        Assert.True(leaf.Opens(City.Opening(3), out _));
        Assert.False(leaf.Opens(City.Opening(4), out var why));
        Assert.Contains("is another one", why, StringComparison.Ordinal);
        Assert.False(leaf.Opens(City.Opening(3).AsSpan(0, 31), out _));

        // One of the two hashes is not enough.
        var sm3 = new string('0', 64);
        var text = Encoding.UTF8.GetString(City.Leaf(3));
        var at = text.IndexOf("\"SM3\":\"", StringComparison.Ordinal) + 7;
        Assert.True(CommittedLeaf.TryRead(Encoding.UTF8.GetBytes(text[..at] + sm3 + text[(at + 64)..]), out var half, out _));
        Assert.False(half.Opens(City.Opening(3), out why));
        Assert.StartsWith("The SM3 ", why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_leaf_that_claims_another_place_than_its_own_is_refused()
    {
        // A log that lies: the leaf of fact 3 in place 1 of a tree of one.
        var entry = City.Leaf(2);
        var note = SignedNote.Sign(new Checkpoint(EvidenceLog.Origin, 1, MerkleTree.LeafHash(HashFunctions.Sha256, entry)).Body, [City.Log, .. City.Witnesses]);
        Assert.True(Receipt.TryRead(Receipt.Write(new LogProof(HashFunctions.Sha256, null, 0, [], note), entry), null, out var receipt, out _));
        Assert.Contains("contradicts itself", receipt.Verify(City.Policy).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"at\":", "{\"zz\":1,\"at\":")]
    [InlineData("\"position\":3", "\"position\":3,\"position\":3")]
    [InlineData("\"position\":3", "\"position\":0")]
    [InlineData("\"position\":3", "\"position\":\"3\"")]
    [InlineData("\"position\":3,", "")]
    [InlineData("\"stream\":", "\"subjects\":7,\"stream\":")]
    [InlineData("\"SM3\"", "\"MD5\"")]
    [InlineData("\"SHA-256\":\"", "\"SHA-256\":\"0")]
    [InlineData("{\"at\":", "[{\"at\":")]
    public void What_is_not_a_leaf_is_refused_with_a_reason(string old, string with)
    {
        var text = Encoding.UTF8.GetString(City.Leaf(2));
        var changed = text.Replace(old, with, StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        Assert.False(CommittedLeaf.TryRead(Encoding.UTF8.GetBytes(changed), out _, out var why));
        Assert.NotEmpty(why);
        Assert.False(CommittedLeaf.TryRead(Encoding.UTF8.GetBytes(text + "{}"), out _, out _));
    }

    [Fact]
    public void Of_the_SM3_tree_as_well()
    {
        var gm = new EvidenceLog(5, HashFunctions.Sm3);
        Assert.True(Receipt.TryRead(gm.Receipt(4), null, out var receipt, out var why), why);
        Assert.True(receipt.Verify(gm.Policy).Accepted);
        Assert.False(receipt.Verify(City.Policy).Accepted);
    }
}

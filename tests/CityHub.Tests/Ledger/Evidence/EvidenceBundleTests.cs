using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Ledger.Evidence;

public sealed class EvidenceBundleTests : IDisposable
{
    private static readonly EvidenceLog City = new(11, signing: 3);
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_bundle_is_read_as_it_was_written_and_proven_by_ones_own_policy()
    {
        Assert.True(EvidenceBundle.TryRead(Bundle(), out var bundle, out var why), why);
        Assert.Equal([3L, 7, 11], bundle.Facts.Select(one => one.Number));
        Assert.Equal(City.Payload(2), bundle.Facts[0].Content);
        Assert.Null(bundle.Facts[1].Content);
        Assert.Contains("Wasserwerk", bundle.FactsEnglish, StringComparison.Ordinal);
        Assert.Contains("水务", bundle.FactsChinese, StringComparison.Ordinal);
        var verdict = bundle.Verify(City.Policy);
        Assert.True(verdict.Accepted, verdict.Why);
        Assert.Equal(3, verdict.Cosignatures.Count);
        Assert.True(bundle.Verify(bundle.Policy).Accepted);
    }

    [Fact]
    public void The_same_contents_are_the_same_bytes_and_other_programs_unpack_them()
    {
        Assert.Equal(Bundle(), Bundle());
        using var zip = new ZipArchive(new MemoryStream(Bundle()));
        Assert.Equal("README.en.txt", zip.Entries[0].FullName);
        Assert.Equal("SHA256SUMS", zip.Entries[^1].FullName);
        Assert.Equal(Unpack(Bundle()).Keys, zip.Entries.Select(one => one.FullName));
        using var leaf = new StreamReader(zip.GetEntry("leaves/7.json")?.Open() ?? throw new InvalidOperationException());
        Assert.Equal(Encoding.UTF8.GetString(City.Leaf(6)), leaf.ReadToEnd());
    }

    [Fact]
    public void Openings_are_exactly_what_was_hashed()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Unpack(Bundle())["openings/3.bin"]));
        Assert.Contains(hash, Encoding.UTF8.GetString(City.Leaf(2)), StringComparison.Ordinal);
    }

    [Fact]
    public void Ones_own_policy_decides()
    {
        Assert.True(EvidenceBundle.TryRead(Bundle(), out var bundle, out _));
        var other = WitnessPolicy.Parse(City.PolicyText.Replace("group depts 3", "group depts 4", StringComparison.Ordinal));
        Assert.Contains("The quorum is not met", bundle.Verify(other).Why, StringComparison.Ordinal);
        var stranger = LedgerKeys.Signer(EvidenceLog.Origin, NoteKeyType.Ed25519, 99);
        Assert.Contains("None of the known keys", bundle.Verify(WitnessPolicy.Parse($"log {stranger.Verifier}\nquorum none\n")).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void What_would_not_be_evidence_is_not_written()
    {
        Assert.Contains("quorum is not met", Refusal(Contents(new EvidenceLog(11, signing: 2))), StringComparison.Ordinal);
        var good = Contents(City);
        Assert.Contains("ascending", Refusal(good with { Entries = [good.Entries[1], good.Entries[0]] }), StringComparison.Ordinal);
        Assert.Contains("proof was changed", Refusal(good with { Entries = [good.Entries[0] with { Proof = good.Entries[1].Proof }] }), StringComparison.Ordinal);
        Assert.Contains("is another one", Refusal(good with { Entries = [good.Entries[0] with { Opening = City.Opening(5) }] }), StringComparison.Ordinal);
        Assert.Contains("one to 10000", Refusal(good with { Entries = [] }), StringComparison.Ordinal);
        Assert.Contains("quorum line", Refusal(good with { Policy = "log x"u8.ToArray() }) + Refusal(good with { Policy = "# nothing\n"u8.ToArray() }), StringComparison.Ordinal);

        static string Refusal(EvidenceContents contents) => Assert.Throws<LedgerException>(() => EvidenceBundle.Write(new MemoryStream(), contents)).Message;
    }

    [Fact]
    public void Every_flipped_bit_of_the_file_is_found()
    {
        var bundle = Bundle();
        var random = new Random(7);
        for (var round = 0; round < 2_000; round++)
        {
            var (at, bit) = (random.Next(bundle.Length), 1 << random.Next(8));
            bundle[at] ^= (byte)bit;
            Assert.False(EvidenceBundle.TryRead(bundle, out _, out var why), $"byte {at}, bit {bit}");
            Assert.NotEmpty(why);
            bundle[at] ^= (byte)bit;
        }

        for (var length = 0; length < bundle.Length; length += 97)
            Assert.False(EvidenceBundle.TryRead(bundle.AsMemory(0, length), out _, out _));
        Assert.True(EvidenceBundle.TryRead(bundle, out _, out _));
    }

    /// <summary>Somebody who changes a member and makes the sums anew.</summary>
    [Fact]
    public void A_changed_member_is_found_though_the_sums_were_made_anew()
    {
        foreach (var (name, bytes) in Unpack(Bundle()))
        {
            // Nobody vouches for the words, and instructions may be of another version: the page and the verb say so.
            if (name is "SHA256SUMS" or "facts.en.txt" or "facts.zh.txt" or "README.en.txt" or "README.zh.txt" or "verify.sh")
                continue;
            var changed = Unpack(Bundle());
            changed[name] = Flip(bytes, bytes.Length / 2);
            Assert.False(EvidenceBundle.TryRead(Pack(Resum(changed)), out var bundle, out var why) && bundle.Verify(City.Policy).Accepted, name);
            Assert.NotEmpty(why ?? "");

            changed = Unpack(Bundle());
            changed.Remove(name);
            // The content may be left out: then it is not shown.
            Assert.Equal(name == "openings/3.bin" || name == "openings/11.bin", EvidenceBundle.TryRead(Pack(Resum(changed)), out _, out _));
        }

        var more = Unpack(Bundle());
        more["notes/extra.txt"] = [1];
        Assert.False(EvidenceBundle.TryRead(Pack(Resum(more)), out _, out _));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../x")]
    [InlineData("a//b")]
    [InlineData("a\\b")]
    [InlineData("-rf")]
    [InlineData("CHECKPOINT")]
    [InlineData("a b")]
    public void A_member_that_would_land_elsewhere_is_refused(string name)
    {
        var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var one in new[] { "checkpoint", name })
                zip.CreateEntry(one, CompressionLevel.NoCompression).Open().Dispose();
        }

        Assert.False(StoredZip.TryRead(buffer.ToArray(), out _, out var why));
        Assert.Contains("another program packed it", why, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => StoredZip.Write(new MemoryStream(), name == "CHECKPOINT" ? [] : [new StoredZip.Member(name, new byte[1])]));
    }

    [Fact]
    public void A_bomb_is_not_unpacked()
    {
        var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var bomb = zip.CreateEntry("checkpoint", CompressionLevel.SmallestSize).Open();
            for (var i = 0; i < 100; i++)
                bomb.Write(new byte[100_000]);
        }

        Assert.False(EvidenceBundle.TryRead(buffer.ToArray(), out _, out _));
        Assert.False(EvidenceBundle.TryRead(new byte[EvidenceBundle.MaxBytes + 1], out _, out var why));
        Assert.Contains("at most 64 MiB", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_the_SM3_tree_as_well()
    {
        var gm = new EvidenceLog(5, HashFunctions.Sm3);
        var bytes = Make(Contents(gm, 1, 4));
        Assert.True(EvidenceBundle.TryRead(bytes, out var bundle, out var why), why);
        Assert.True(bundle.Verify(gm.Policy).Accepted);
        Assert.False(bundle.Verify(City.Policy).Accepted);
    }

    private static byte[] Flip(byte[] bytes, int at)
    {
        var changed = bytes.ToArray();
        changed[at] ^= 1;
        return changed;
    }

    internal static EvidenceContents Contents(EvidenceLog log, params int[] indexes) => new()
    {
        Hash = log.Hash,
        Checkpoint = log.Note,
        Policy = Encoding.UTF8.GetBytes(log.PolicyText),
        Entries = [.. (indexes.Length == 0 ? [2, 6, 10] : indexes).Select(i => new EvidenceEntry(i, log.Leaf(i), log.Proof(i).Hashes, i == 6 ? null : log.Opening(i)))],
        FactsEnglish = "The office Water (Wasserwerk) looked at meter readings.\n",
        FactsChinese = "水务局查看了水表读数。\n",
    };

    internal static byte[] Make(EvidenceContents contents)
    {
        var buffer = new MemoryStream();
        EvidenceBundle.Write(buffer, contents);
        return buffer.ToArray();
    }

    internal static Dictionary<string, byte[]> Unpack(byte[] zip)
    {
        Assert.True(StoredZip.TryRead(zip, out var members, out var why), why);
        return members.ToDictionary(one => one.Name, one => one.Bytes.ToArray());
    }

    internal static byte[] Pack(Dictionary<string, byte[]> files)
    {
        var buffer = new MemoryStream();
        StoredZip.Write(buffer, [.. files.Where(one => one.Key != "SHA256SUMS").Concat(files.Where(one => one.Key == "SHA256SUMS")).Select(one => new StoredZip.Member(one.Key, one.Value))]);
        return buffer.ToArray();
    }

    internal static Dictionary<string, byte[]> Resum(Dictionary<string, byte[]> files)
    {
        files["SHA256SUMS"] = Encoding.ASCII.GetBytes(string.Concat(files.Where(one => one.Key != "SHA256SUMS").Select(one => $"{Convert.ToHexStringLower(SHA256.HashData(one.Value))}  {one.Key}\n")));
        return files;
    }

    private static byte[] Bundle() => Make(Contents(City));
}

using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Ledger.Evidence;

/// <summary>The script of a bundle, with the real openssl.</summary>
public sealed class EvidenceScriptTests : IDisposable
{
    private static readonly EvidenceLog City = new(11, signing: 3);
    private readonly TestFolder folder = new();

    public EvidenceScriptTests() => Tools.Need();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Proves_a_bundle_by_ones_own_policy_and_says_what_the_one_inside_is_worth()
    {
        var files = EvidenceBundleTests.Unpack(EvidenceBundleTests.Make(EvidenceBundleTests.Contents(City)));
        var (exit, said) = Check(files, City.PolicyText);
        Assert.True(exit == 0, said);
        Assert.Contains("fact 事实 3: in the log at its place; its content is what the entry stands for", said, StringComparison.Ordinal);
        Assert.Contains("fact 事实 7: in the log at its place; its content is not in this bundle", said, StringComparison.Ordinal);
        Assert.Contains("d0 (dept2.example/witness) saw it at 2026-11-23 08:00:00 UTC", said, StringComparison.Ordinal);
        Assert.Contains("d3 has not signed", said, StringComparison.Ordinal);
        Assert.Contains("3 of 4 witnesses", said, StringComparison.Ordinal);
        Assert.EndsWith("PROVEN by your policy. 已按您的策略证明。\n", said, StringComparison.Ordinal);

        (exit, said) = Check(files, null);
        Assert.True(exit == 3, said);
        Assert.Contains("run again with one that you got elsewhere", said, StringComparison.Ordinal);

        (exit, said) = Check(files, City.PolicyText.Replace("group depts 3", "group depts 4", StringComparison.Ordinal));
        Assert.True(exit == 1, said);
        Assert.Contains("the quorum depts is not met", said, StringComparison.Ordinal);
        (exit, said) = Check(files, City.PolicyText.Replace("group depts 3 d0 d1 d2 d3", "group a 1 d3 d0\ngroup b 2 d1 d2\ngroup depts all a b", StringComparison.Ordinal));
        Assert.True(exit == 0, said);
        var stranger = LedgerKeys.Signer(EvidenceLog.Origin, NoteKeyType.Ed25519, 99);
        (exit, said) = Check(files, $"log {stranger.Verifier}\nquorum none\n");
        Assert.True(exit == 1, said);
    }

    [Fact]
    public void Every_command_of_the_readme_works()
    {
        var files = EvidenceBundleTests.Unpack(EvidenceBundleTests.Make(EvidenceBundleTests.Contents(City)));
        var place = Lay(files);
        var readme = Encoding.UTF8.GetString(files["README.en.txt"]);
        var commands = readme.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("openssl pkeyutl", StringComparison.Ordinal)).ToArray();
        Assert.Equal(4, commands.Length);
        foreach (var command in commands)
            Assert.Contains("Signature Verified Successfully", Tools.Run("/bin/sh", ["-c", command], place).Said, StringComparison.Ordinal);
        Assert.Equal(0, Tools.Run("/bin/sh", ["-c", "sha256sum -c SHA256SUMS"], place).Exit);
        Assert.Equal(Encoding.UTF8.GetString(City.Payload(2)), Tools.Run("/bin/sh", ["-c", "tail -c +33 openings/3.bin"], place).Said);
        foreach (var digest in new[] { "sha256", "sm3" })
        {
            var hash = Tools.Run("/bin/sh", ["-c", $"openssl dgst -{digest} -r openings/3.bin"], place).Said.Split(' ')[0];
            Assert.Contains(hash, Encoding.UTF8.GetString(City.Leaf(2)), StringComparison.Ordinal);
        }

        var leaf = Tools.Run("/bin/sh", ["-c", "(printf '\\000'; cat leaves/3.json) | openssl dgst -sha256 -binary | openssl base64"], place).Said.Trim();
        Assert.Equal(Convert.ToBase64String(MerkleTree.LeafHash(HashFunctions.Sha256, City.Leaf(2))), leaf);
    }

    [Fact]
    public void Finds_each_changed_member()
    {
        var good = EvidenceBundleTests.Unpack(EvidenceBundleTests.Make(EvidenceBundleTests.Contents(City, 2)));
        foreach (var name in good.Keys.ToArray())
        {
            var bytes = good[name];
            // Without new sums; of the script, a byte of its last comment.
            var files = new Dictionary<string, byte[]>(good) { [name] = bytes.ToArray() };
            files[name][name == "verify.sh" ? Encoding.UTF8.GetString(bytes).IndexOf("# Checks", StringComparison.Ordinal) + 3 : bytes.Length / 2] ^= 1;
            var (exit, said) = Check(files, City.PolicyText);
            Assert.True(exit == 1, $"{name}: {said}");

            if (name.Contains('/', StringComparison.Ordinal) || name == "checkpoint")
            {
                (exit, said) = Check(EvidenceBundleTests.Resum(files), City.PolicyText);
                Assert.True(exit == 1, $"{name}, sums made anew: {said}");
                Assert.Contains("NOT PROVEN", said, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Finds_a_missing_receipt_a_foreign_entry_and_a_policy_that_was_exchanged()
    {
        var good = EvidenceBundleTests.Unpack(EvidenceBundleTests.Make(EvidenceBundleTests.Contents(City)));
        var files = new Dictionary<string, byte[]>(good);
        files.Remove("receipts/7.tlog-proof");
        Assert.Equal(1, Check(EvidenceBundleTests.Resum(files), City.PolicyText).Exit);

        // The entry and receipt of fact 3 under the number of fact 4.
        files = new Dictionary<string, byte[]>(good) { ["leaves/4.json"] = good["leaves/3.json"], ["receipts/4.tlog-proof"] = good["receipts/3.tlog-proof"] };
        Assert.Equal(1, Check(EvidenceBundleTests.Resum(files), City.PolicyText).Exit);

        // The same log under the same names, with keys of somebody else: fits by its own policy, and by no other.
        var forged = EvidenceBundleTests.Unpack(EvidenceBundleTests.Make(EvidenceBundleTests.Contents(new EvidenceLog(11, seed: 60))));
        Assert.Equal(3, Check(forged, null).Exit);
        Assert.Equal(1, Check(forged, City.PolicyText).Exit);
    }

    [Fact]
    public void Random_flips_in_random_members_are_found_by_the_script_and_by_the_program()
    {
        var good = EvidenceBundleTests.Unpack(EvidenceBundleTests.Make(EvidenceBundleTests.Contents(City, 7)));
        var names = good.Keys.Where(name => name != "verify.sh").ToArray();
        var random = new Random(41);
        for (var round = 0; round < 12; round++)
        {
            var name = names[random.Next(names.Length)];
            var files = new Dictionary<string, byte[]>(good) { [name] = good[name].ToArray() };
            var at = random.Next(files[name].Length);
            files[name][at] ^= (byte)(1 << random.Next(8));
            if (random.Next(2) == 0 && name.Contains('/', StringComparison.Ordinal))
                EvidenceBundleTests.Resum(files);
            var (exit, said) = Check(files, City.PolicyText);
            Assert.True(exit == 1, $"round {round}, {name} at {at}: {said}");
            Assert.False(EvidenceBundle.TryRead(EvidenceBundleTests.Pack(files), out var bundle, out _) && bundle.Verify(City.Policy).Accepted, $"round {round}, {name} at {at}");
        }
    }

    [Fact]
    public void Checks_the_SM3_tree_with_SM2_signatures()
    {
        var gm = new EvidenceLog(5, HashFunctions.Sm3);
        var files = EvidenceBundleTests.Unpack(EvidenceBundleTests.Make(EvidenceBundleTests.Contents(gm, 1, 4)));
        var (exit, said) = Check(files, gm.PolicyText);
        Assert.True(exit == 0, said);
        Assert.Contains("4 of 4 witnesses", said, StringComparison.Ordinal);
        files["signatures/d1.sig"][40] ^= 1;
        Assert.Equal(1, Check(EvidenceBundleTests.Resum(files), gm.PolicyText).Exit);
    }

    /// <summary>An act may name five hundred persons: the longest leaf that there is, and a line of 50 kB in its receipt.</summary>
    [Fact]
    public void Checks_the_longest_leaf()
    {
        var crowd = new EvidenceLog(3, people: 500);
        Assert.InRange(crowd.Leaf(1).Length, 33_000, 65_535);
        var bytes = EvidenceBundleTests.Make(EvidenceBundleTests.Contents(crowd, 1));
        Assert.True(EvidenceBundle.TryRead(bytes, out var bundle, out _));
        Assert.Equal(500, bundle.Facts[0].Leaf.Subjects.Count);
        var (exit, said) = Check(EvidenceBundleTests.Unpack(bytes), crowd.PolicyText);
        Assert.True(exit == 0, said);
    }

    [Fact]
    public void An_openssl_that_does_not_know_a_key_is_not_taken_for_a_refusal()
    {
        var witness = LedgerKeys.Signer("pq.example/witness", NoteKeyType.MlDsa44Cosignature, 40);
        var policy = $"log {City.Log.Verifier}\nwitness pq {witness.Verifier}\nwitness d0 {City.Witnesses[0].Verifier}\ngroup both all pq d0\nquorum both\n";
        var contents = EvidenceBundleTests.Contents(City, 2) with { Checkpoint = City.Note.With(witness.Sign(City.Note.Text)), Policy = Encoding.UTF8.GetBytes(policy) };
        var files = EvidenceBundleTests.Unpack(EvidenceBundleTests.Make(contents));
        var (exit, said) = Check(files, policy);
        if (Tools.Run("/bin/sh", ["-c", "openssl list -signature-algorithms | grep -qi ml-dsa-44"], "/").Exit == 0)
            Assert.True(exit == 0, said);
        else
        {
            Assert.True(exit == 2, said);
            Assert.Contains("too old for some of the keys", said, StringComparison.Ordinal);
            (exit, said) = Check(files, policy.Replace("both all", "both any", StringComparison.Ordinal));
            Assert.True(exit == 0, said);
        }
    }

    private (int Exit, string Said) Check(Dictionary<string, byte[]> files, string? policy)
    {
        var place = Lay(files);
        if (policy is null)
            return Tools.Run("/bin/sh", ["verify.sh"], place);
        File.WriteAllText(folder.File("mine.policy"), policy);
        return Tools.Run("/bin/sh", [Path.Combine(place, "verify.sh"), "mine.policy"], folder.Path);
    }

    private string Lay(Dictionary<string, byte[]> files)
    {
        var place = folder.File("bundle");
        if (Directory.Exists(place))
            Directory.Delete(place, true);
        foreach (var (name, bytes) in files)
        {
            var file = Path.Combine(place, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file) ?? place);
            File.WriteAllBytes(file, bytes);
        }

        return place;
    }
}

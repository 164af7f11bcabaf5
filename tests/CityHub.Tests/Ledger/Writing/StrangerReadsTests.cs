using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Writing;

/// <summary>The log that we write, read by a program of others: every tile and the root from the bundles, consistency, and proofs.</summary>
public sealed class StrangerReadsTests
{
    static readonly NoteSigner[] Departments = [.. Enumerable.Range(0, 4).Select(i => LedgerKeys.Signer($"dept{i}.example", NoteKeyType.Ed25519Cosignature, (byte)(20 + i)))];

    static string Policy(int needed) =>
        $"log {LogFolder.Signer.Verifier}\n" +
        string.Concat(Departments.Select((one, i) => $"witness d{i} {one.Verifier}\n")) +
        (needed == 0 ? "quorum none\n" : $"group departments {needed} d0 d1 d2 d3\nquorum departments\n");

    static async Task Passes(string says, params string[] words)
    {
        var (passed, said) = await LedgerVerify.RunAsync(words);
        Assert.True(passed, said);
        Assert.Contains(says, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_checkpoint_of_a_growing_log_is_accepted_and_continues_the_ones_before()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new LogFolder();
        using var notes = new LogFolder();
        var policy = Path.Combine(notes.Path, "policy");
        await File.WriteAllTextAsync(policy, Policy(0), cancel);
        using var writer = folder.Open();
        List<(long Size, string File)> earlier = [];
        foreach (var size in (long[])[1, 2, 255, 256, 257, 1_000, 65_535, 65_536, 65_700])
        {
            LogFolder.Append(writer, (int)(size - writer.Size));
            var note = writer.Publish(LogFolder.Signer, LogFolder.GmSigner)[0];
            await Passes($"origin={LogFolder.Origin} size={size} ", "fsck", folder.Path, policy);
            foreach (var (before, file) in earlier)
                await Passes($"{before} -> {size}", "consistency", folder.Path, file, policy);
            earlier.Add((size, Path.Combine(notes.Path, $"{size}")));
            await File.WriteAllBytesAsync(earlier[^1].File, note.ToBytes(), cancel);

            var tree = folder.Read(LogFolder.Tree);
            foreach (var index in (long[])[0, size / 3, size - 1])
            {
                var (proof, entry) = (Path.Combine(notes.Path, "proof"), Path.Combine(notes.Path, "entry"));
                await File.WriteAllBytesAsync(proof, new LogProof(HashFunctions.Sha256, null, index, tree.Inclusion(index, size), note).ToBytes(), cancel);
                await File.WriteAllBytesAsync(entry, LogFolder.Entry(index), cancel);
                await Passes($"index={index} size={size} ", "proof", proof, entry, policy);
                await File.WriteAllBytesAsync(entry, LogFolder.Entry(index + 1), cancel);
                Assert.False((await LedgerVerify.RunAsync("proof", proof, entry, policy)).Passed);
            }
        }
    }

    [Fact]
    public async Task Cosignatures_are_counted_as_the_policy_says()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new LogFolder();
        using var notes = new LogFolder();
        var policy = Path.Combine(notes.Path, "policy");
        await File.WriteAllTextAsync(policy, Policy(3), cancel);
        using var writer = folder.Open(LogFolder.One);
        LogFolder.Append(writer, 700);
        var note = writer.Sign(LogFolder.Signer)[0];
        for (var i = 0; i < Departments.Length; i++)
        {
            writer.Publish(note);
            var (passed, said) = await LedgerVerify.RunAsync("fsck", folder.Path, policy);
            Assert.True(passed == i >= 3, said);
            note = note.With(Departments[i].Sign(note.Text));
        }
    }

    [Fact]
    public async Task What_our_check_refuses_the_other_one_refuses_too()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new LogFolder();
        using var notes = new LogFolder();
        var policy = Path.Combine(notes.Path, "policy");
        await File.WriteAllTextAsync(policy, Policy(0), cancel);
        using (var writer = folder.Open(LogFolder.One))
        {
            LogFolder.Append(writer, 1_000);
            writer.Publish(LogFolder.Signer);
        }

        CheckedTree[] tree = [new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier])];
        foreach (var file in (string[])["checkpoint", "tile/0/001", "tile/0/003.p/232", "tile/1/000.p/3", "tile/entries/000", "tile/entries/003.p/232"])
        {
            var path = Path.Combine(folder.Path, file);
            var good = await File.ReadAllBytesAsync(path, cancel);
            foreach (var at in (int[])[good.Length / 7, good.Length / 2])
            {
                byte[] bad = [.. good];
                bad[at] ^= 1;
                await File.WriteAllBytesAsync(path, bad, cancel);
                Assert.False((await LedgerVerify.RunAsync("fsck", folder.Path, policy)).Passed);
                Assert.Equal(file, LogCheck.Run(folder.Path, tree, cancel: cancel).First?.File);
            }

            await File.WriteAllBytesAsync(path, good, cancel);
        }

        await Passes("PASS", "fsck", folder.Path, policy);
    }
}

using System.Buffers.Binary;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Ledger.Witnesses;

/// <summary>Against programs that we did not write: the Go checksum-database library, and a log that Tessera wrote.</summary>
public sealed class OtherProgramsTests : IDisposable
{
    private const string TesseraKey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    private readonly TestFolder folder = new();
    private readonly HttpClient http = new();
    private readonly MemoryLog log = new(LedgerKeys.Signer("city.example/audit", NoteKeyType.Ed25519, 1));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        http.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Their_witness_cosigns_our_checkpoints_and_their_reader_takes_our_receipts()
    {
        var theirs = LedgerKeys.Signer("go.example/w", NoteKeyType.Ed25519Cosignature, 3).Verifier;
        var ours = LedgerKeys.Signer("dept.example/w", NoteKeyType.Ed25519Cosignature, 4);
        await File.WriteAllTextAsync(folder.File("logs"), $"log {log.Key}\nquorum none\n", Cancel);
        using var running = await LedgerVerify.WitnessAsync(folder.File("logs"), LedgerKeys.Secret(3), "go.example/w");
        using var state = WitnessState.Create(folder.File("memory"));
        var witness = new Witness(state, [ours], [log.Key]);
        await using var door = await Door.OpenAsync(body => Task.FromResult(witness.Add(body) is var answer ? (answer.Status, answer.ContentType, answer.Body) : default));
        var text = $"log {log.Key}\nwitness theirs {theirs} {running.Url}\nwitness ours {ours.Verifier} {door.Url}\ngroup both 2 theirs ours\nquorum both\n";
        var policy = WitnessPolicy.Parse(text);
        await File.WriteAllTextAsync(folder.File("policy"), text, Cancel);
        var client = new WitnessClient(policy, http, TimeProvider.System, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20));

        SignedNote? note = null;
        foreach (var step in new[] { 1, 6, 250, 0, 443 })
        {
            log.Grow(step);
            var round = await client.CosignAsync(log.Checkpoint(), old => log.Consistency(old), Cancel);
            Assert.True(round.Met, round.Missing);
            note = round.Note;
        }

        Assert.NotNull(note);

        // A second client has to find out where both are; a fork is refused by both.
        log.Grow(1);
        var again = await new WitnessClient(policy, http, TimeProvider.System, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20)).CosignAsync(log.Checkpoint(), old => log.Consistency(old), Cancel);
        Assert.True(again.Met, again.Missing);
        var fork = log.Fork(100).Grow(700, "lie");
        var refused = await client.CosignAsync(fork.Checkpoint(), old => fork.Consistency(old), Cancel);
        Assert.All(refused.Outcomes, outcome => Assert.True(outcome is { Cosigned: false, Serious: true }, outcome.Why));

        const int index = 233;
        var receipt = new LogProof(HashFunctions.Sha256, "x"u8.ToArray(), index, new MerkleProofs(HashFunctions.Sha256, log).Inclusion(index, 700), note);
        Assert.True(receipt.VerifyEntry(log.Entry(index), policy).Accepted);
        await File.WriteAllBytesAsync(folder.File("receipt"), receipt.ToBytes(), Cancel);
        await File.WriteAllBytesAsync(folder.File("entry"), log.Entry(index), Cancel);
        var (passed, said) = await LedgerVerify.RunAsync("proof", folder.File("receipt"), folder.File("entry"), folder.File("policy"));
        Assert.True(passed, said);
        Assert.Contains("index=233 size=700 witnesses=2", said, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(folder.File("entry"), log.Entry(index + 1), Cancel);
        Assert.False((await LedgerVerify.RunAsync("proof", folder.File("receipt"), folder.File("entry"), folder.File("policy"))).Passed);
    }

    [Fact]
    public async Task Our_witness_cosigns_every_checkpoint_of_the_log_that_Tessera_wrote()
    {
        var source = SharedData.Need("ledger/tessera-log");
        var ours = LedgerKeys.Signer("dept.example/w", NoteKeyType.Ed25519Cosignature, 4);
        using var state = WitnessState.Create(folder.File("memory"));
        var witness = new Witness(state, [ours], [VerifierKey.Parse(TesseraKey)]);
        var proofs = new MerkleProofs(HashFunctions.Sha256, new Leaves([.. Entries(await File.ReadAllBytesAsync(Path.Combine(source, "tile/entries/000.p/15"), Cancel)).Select(entry => MerkleTree.LeafHash(HashFunctions.Sha256, entry))]));
        WitnessAnswer? last = null;
        for (var size = 0; size <= 15; size++)
        {
            var note = SignedNote.Parse(await File.ReadAllBytesAsync(Path.Combine(source, $"checkpoint.{size}"), Cancel));
            Assert.Equal(size, Checkpoint.Parse(note.Text).Size);
            last = witness.Add(new WitnessRequest(Math.Max(0, size - 1), size < 2 ? [] : proofs.Consistency(size - 1, size), note).ToBytes());
            Assert.True(last.Cosigned, $"{size}: {last.Body}");
        }

        // With the cosignature the other program takes the whole log, and without it not.
        foreach (var file in Directory.EnumerateFiles(Path.Combine(source, "tile"), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder.File("log"), Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy) ?? "");
            File.Copy(file, copy);
        }

        await File.WriteAllTextAsync(folder.File("policy"), $"log {TesseraKey}\nwitness w {ours.Verifier}\nquorum w\n", Cancel);
        var checkpoint = await File.ReadAllTextAsync(Path.Combine(source, "checkpoint"), Cancel);
        await File.WriteAllTextAsync(folder.File("log/checkpoint"), checkpoint, Cancel);
        Assert.False((await LedgerVerify.RunAsync("fsck", folder.File("log"), folder.File("policy"))).Passed);
        await File.WriteAllTextAsync(folder.File("log/checkpoint"), checkpoint + last?.Body, Cancel);
        var (passed, said) = await LedgerVerify.RunAsync("fsck", folder.File("log"), folder.File("policy"));
        Assert.True(passed, said);
        Assert.Contains("size=15", said, StringComparison.Ordinal);
        Assert.Contains("witnesses=1", said, StringComparison.Ordinal);
    }

    private static IEnumerable<byte[]> Entries(byte[] bundle)
    {
        for (var at = 0; at < bundle.Length;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.AsSpan(at));
            yield return bundle[(at + 2)..(at + 2 + length)];
            at += 2 + length;
        }
    }

    private sealed class Leaves(byte[][] leaves) : INodeSource
    {
        public void Read(int level, long index, Span<byte> into)
        {
            if (level == 0)
            {
                leaves[index].CopyTo(into);
                return;
            }

            Span<byte> right = stackalloc byte[32];
            Read(level - 1, 2 * index, into);
            Read(level - 1, 2 * index + 1, right);
            MerkleTree.NodeHash(HashFunctions.Sha256, into, right, into);
        }
    }
}

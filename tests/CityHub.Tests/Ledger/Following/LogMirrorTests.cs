using CityHub.Ledger;
using CityHub.Tests.Ledger.Witnesses;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Ledger.Following;

public sealed class LogMirrorTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly NoteSigner key = LedgerKeys.Signer("city.example/audit", NoteKeyType.Ed25519, 1);
    private readonly MemoryLog log;

    public LogMirrorTests() => log = new MemoryLog(key);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    private LogMirror Open(ITileSource? source = null) => LogMirror.Open(folder.Path, [key.Verifier], source ?? log);

    private sealed class Changed(ITileSource source, Func<TilePath, byte[], byte[]?> change) : ITileSource
    {
        public byte[]? Read(TilePath path) => source.Read(path) is { } bytes ? change(path, bytes) : null;
    }

    /// <summary>Every file of the log is there, and no other.</summary>
    private void Whole()
    {
        var files = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder.Path, file)).Where(file => file is not ".lock").Order(StringComparer.Ordinal).ToList();
        var expected = new List<string> { "checkpoint" };
        for (long i = 0; i * 256 < log.Size; i++)
            expected.Add(TilePath.Bundle(i, (int)Math.Min(256, log.Size - i * 256)).ToString());
        for (var level = 0; TilePath.HashesAt(level, log.Size) is > 0 and var hashes; level++)
        {
            for (long i = 0; i * 256 < hashes; i++)
                expected.Add(TilePath.Tile(level, i, (int)Math.Min(256, hashes - i * 256)).ToString());
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), files);
        foreach (var file in files.Where(file => file != "checkpoint"))
        {
            Assert.True(TilePath.TryParse(file, out var path));
            Assert.Equal(log.Read(path), File.ReadAllBytes(Path.Combine(folder.Path, file)));
        }
    }

    [Fact]
    public void A_growing_log_is_kept_whole_at_each_step_and_after_each_restart()
    {
        foreach (var step in new[] { 0, 1, 2, 252, 1, 1, 255, 0, 300, 65_000, 1_000 })
        {
            log.Grow(step);
            using var mirror = Open();
            var sighting = mirror.Update(log.Checkpoint(), Cancel);
            Assert.False(sighting.IsAlarm, sighting.Why);
            Assert.Equal(log.Size, mirror.Head?.Size);
            Whole();
        }
    }

    [Fact]
    public void A_mirror_of_a_mirror_is_the_same()
    {
        log.Grow(600);
        using var first = Open();
        first.Update(log.Checkpoint(), Cancel);
        using var other = new TestFolder();
        using var second = LogMirror.Open(other.Path, [key.Verifier], new FolderTileSource(folder.Path));
        Assert.Equal(SightingKind.Grown, second.Update(SignedNote.Parse(File.ReadAllBytes(folder.File("checkpoint"))), Cancel).Kind);
        Assert.Equal(File.ReadAllBytes(folder.File("tile/entries/001")), File.ReadAllBytes(other.File("tile/entries/001")));
    }

    [Fact]
    public void Nothing_that_does_not_fit_is_kept_and_the_checkpoint_stays()
    {
        log.Grow(300);
        using (var mirror = Open())
            mirror.Update(log.Checkpoint(), Cancel);
        log.Grow(500);
        var random = new Random(3);
        var alarms = 0;
        foreach (var kind in new[] { "gone", "cut", "longer", "one bit", "one bit", "one bit" })
        {
            // The file that is read first, second, … is changed, until there are no more.
            for (var at = 0; ; at++)
            {
                var n = 0;
                var source = new Changed(log, (_, bytes) =>
                {
                    if (n++ != at)
                        return bytes;
                    bytes[random.Next(bytes.Length)] ^= (byte)(kind == "one bit" ? 1 << random.Next(8) : 0);
                    return kind switch { "gone" => null, "cut" => bytes[..^1], "longer" => [.. bytes, 0], _ => bytes };
                });
                using var copy = folder.Copy();
                using var mirror = LogMirror.Open(copy.Path, [key.Verifier], source);
                var sighting = mirror.Update(log.Checkpoint(), Cancel);
                if (n <= at)
                {
                    Assert.Equal(SightingKind.Grown, sighting.Kind);
                    break;
                }

                if (sighting.Kind == SightingKind.Grown)
                {
                    // A bundle that has more entries than were signed gives the signed ones; no more are kept.
                    Assert.Equal("longer", kind);
                    for (long i = 0; i < 3; i++)
                        Assert.Equal(log.Read(TilePath.Bundle(i)), File.ReadAllBytes(copy.File(TilePath.Bundle(i).ToString())));
                    continue;
                }

                alarms++;
                Assert.True(sighting.IsAlarm);
                Assert.NotNull(sighting.Why);
                Assert.Equal(300, mirror.Head?.Size);
                Assert.Equal(File.ReadAllBytes(folder.File("checkpoint")), File.ReadAllBytes(copy.File("checkpoint")));
            }
        }

        Assert.True(alarms >= 30, $"{alarms}");
        using var again = Open();
        Assert.False(again.Update(log.Checkpoint(), Cancel).IsAlarm);
        Whole();
    }

    [Fact]
    public void A_log_with_another_past_is_refused_and_the_proof_is_kept()
    {
        log.Grow(300);
        using (var mirror = Open())
            mirror.Update(log.Checkpoint(), Cancel);
        var lie = log.Fork(200).Grow(400, "lie");
        using (var shown = Open(lie))
        {
            var sighting = shown.Update(lie.Checkpoint(), Cancel);
            Assert.Equal(SightingKind.Divergence, sighting.Kind);
            Assert.Equal(300, shown.Head?.Size);
        }

        var proof = File.ReadAllText(folder.File("divergence"));
        Assert.Contains(log.Checkpoint().ToString(), proof, StringComparison.Ordinal);
        Assert.Contains(lie.Checkpoint().ToString(), proof, StringComparison.Ordinal);
        File.Delete(folder.File("divergence"));
        Whole();
    }

    [Fact]
    public void Killed_at_any_file_it_goes_on_from_a_whole_log()
    {
        var points = 0;
        for (var killAt = 0; killAt < 60; killAt++)
        {
            log.Grow(killAt % 3 == 0 ? 300 : 7);
            try
            {
                using var mirror = Open();
                var left = killAt % 9;
                mirror.Step = _ =>
                {
                    if (left-- == 0)
                        throw new InvalidOperationException("killed");
                };
                mirror.Update(log.Checkpoint(), Cancel);
            }
            catch (InvalidOperationException)
            {
                points++;
            }

            using var next = Open(); // throws where checkpoint and files do not fit
            Assert.True(next.Head is null || next.Head.Size <= log.Size);
            if (killAt % 4 == 0)
            {
                Assert.False(next.Update(log.Checkpoint(), Cancel).IsAlarm);
            }
        }

        Assert.InRange(points, 20, 60);
        using var last = Open();
        last.Update(log.Checkpoint(), Cancel);
        Assert.Equal(log.Size, last.Head?.Size);
        for (long i = 0; i * 256 + 256 <= log.Size; i++)
            Assert.Equal(log.Read(TilePath.Bundle(i)), File.ReadAllBytes(folder.File(TilePath.Bundle(i).ToString())));
    }

    [Fact]
    public void A_folder_that_was_changed_or_is_anothers_is_not_gone_on_with()
    {
        log.Grow(300);
        using (var mirror = Open())
        {
            mirror.Update(log.Checkpoint(), Cancel);
            Assert.Contains("Another process", Assert.Throws<LedgerException>(() => Open()).Message, StringComparison.Ordinal);
        }

        Assert.Throws<LedgerException>(() => LogMirror.Open(folder.Path, [LedgerKeys.Signer("other.example", NoteKeyType.Ed25519, 2).Verifier], log));
        var edge = folder.File("tile/0/001.p/44");
        var bytes = File.ReadAllBytes(edge);
        bytes[5] ^= 1;
        File.WriteAllBytes(edge, bytes);
        Assert.Contains("does not hold what its checkpoint says", Assert.Throws<LedgerException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Later_cosignatures_of_a_known_checkpoint_are_added()
    {
        var witness = LedgerKeys.Signer("dept.example/w", NoteKeyType.Ed25519Cosignature, 2);
        log.Grow(3);
        using var mirror = Open();
        mirror.Update(log.Checkpoint(), Cancel);
        mirror.Update(log.Checkpoint().With(witness.Sign(log.Checkpoint().Text)), Cancel);
        mirror.Update(log.Checkpoint(), Cancel);
        Assert.Equal(2, SignedNote.Parse(File.ReadAllBytes(folder.File("checkpoint"))).Signatures.Count);
    }
}

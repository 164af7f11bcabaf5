using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Tests.Ledger.Witnesses;

namespace CityHub.Tests.Ledger.Following;

public sealed class LogFollowerTests
{
    private readonly NoteSigner key = LedgerKeys.Signer("city.example/audit", NoteKeyType.Ed25519, 1);

    /// <summary>What the server gives now; a cheat changes it.</summary>
    private sealed class Served(ITileSource first) : ITileSource
    {
        public ITileSource Now { get; set; } = first;

        public byte[]? Read(TilePath path) => Now.Read(path);
    }

    [Fact]
    public void A_log_that_grows_is_followed_and_an_older_checkpoint_of_it_fits()
    {
        var log = new MemoryLog(key);
        var follower = new LogFollower([key.Verifier], log, null);
        foreach (var step in new[] { 0, 1, 1, 253, 1, 1, 400, 66_000 })
        {
            log.Grow(step);
            var sighting = follower.Look(log.Checkpoint());
            Assert.Equal(SightingKind.Grown, sighting.Kind);
            follower.Accept(sighting);
            Assert.Equal(SightingKind.Same, follower.Look(log.Checkpoint()).Kind);
            foreach (var size in new long[] { 0, 1, log.Size / 2, log.Size - 1 }.Where(one => one >= 0 && one < log.Size))
                Assert.Equal(SightingKind.Older, follower.Look(log.Checkpoint(size)).Kind);
        }
    }

    [Theory]
    [InlineData(1, 0, 2)]
    [InlineData(3, 2, 1)]
    [InlineData(256, 255, 1)]
    [InlineData(300, 10, 700)]
    [InlineData(700, 0, 0)]
    [InlineData(700, 512, 0)]
    [InlineData(700, 699, 300)]
    [InlineData(700, 698, -1)]
    [InlineData(700, 100, -300)]
    public void Another_past_is_a_divergence_whatever_files_the_log_shows(int seen, int common, int more)
    {
        var truth = new MemoryLog(key).Grow(seen);
        var served = new Served(truth);
        var follower = new LogFollower([key.Verifier], served, null);
        follower.Accept(follower.Look(truth.Checkpoint()));
        var lie = truth.Fork(common).Grow(seen - common + more, "lie");
        foreach (var files in new ITileSource[] { lie, truth })
        {
            served.Now = files;
            var sighting = new LogFollower([key.Verifier], served, follower.Last).Look(lie.Checkpoint());
            Assert.True(sighting.IsAlarm, $"{sighting.Kind}");
            if (files == lie && more >= 0)
            {
                Assert.Equal(SightingKind.Divergence, sighting.Kind);
                Assert.Equal(truth.Checkpoint().Text, sighting.Before?.Text);
            }
        }
    }

    [Fact]
    public void A_tree_that_was_looked_at_and_refused_does_not_vouch_for_anything_later()
    {
        var truth = new MemoryLog(key).Grow(1_000);
        var served = new Served(truth);
        var follower = new LogFollower([key.Verifier], served, null);
        follower.Accept(follower.Look(truth.Checkpoint(800)));
        var lie = truth.Fork(5).Grow(995, "lie");
        served.Now = lie;
        Assert.True(follower.Look(lie.Checkpoint()).IsAlarm);
        served.Now = truth;
        Assert.Equal(SightingKind.Grown, follower.Look(truth.Checkpoint()).Kind);
        served.Now = lie;
        Assert.True(follower.Look(truth.Checkpoint()).IsAlarm);
        Assert.Equal(800, follower.LastHead?.Size);
    }

    [Fact]
    public void What_the_log_has_not_signed_says_nothing_about_it()
    {
        var log = new MemoryLog(key).Grow(3);
        var follower = new LogFollower([key.Verifier], log, null);
        Assert.Equal(SightingKind.NotSigned, follower.Look(new MemoryLog(LedgerKeys.Signer("city.example/audit", NoteKeyType.Ed25519, 2)).Grow(3).Checkpoint()).Kind);
        Assert.Equal(SightingKind.NotSigned, follower.Look(new MemoryLog(LedgerKeys.Signer("other.example", NoteKeyType.Ed25519, 1)).Grow(3).Checkpoint()).Kind);
        Assert.Equal(SightingKind.NotSigned, follower.Look(SignedNote.Sign("three\nwords\nhere\n", key)).Kind);
        var none = follower.Look(SignedNote.Sign(new Checkpoint("city.example/audit", 0, new byte[32]).Body, key));
        Assert.Equal(SightingKind.Divergence, none.Kind);
        Assert.Throws<ArgumentException>(() => follower.Accept(none));
    }

    [Fact]
    public void An_SM3_tree_is_followed_with_an_SM2_key()
    {
        var gm = LedgerKeys.Signer("city.example/audit/sm3", NoteKeyType.Sm2, 3);
        var log = new MemoryLog(gm).Grow(300);
        var follower = new LogFollower([gm.Verifier], log, null);
        Assert.Equal(HashFunctions.Sm3, follower.Hash);
        follower.Accept(follower.Look(log.Checkpoint(100)));
        Assert.Equal(SightingKind.Grown, follower.Look(log.Checkpoint()).Kind);
    }
}

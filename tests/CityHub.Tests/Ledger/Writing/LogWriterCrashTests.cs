using System.Buffers.Binary;
using CityHub.Crypto;
using CityHub.Ledger;
using CsCheck;

namespace CityHub.Tests.Ledger.Writing;

/// <summary>Writers that are killed at every step, with and without a power failure, and go on with other entries than before.</summary>
public sealed class LogWriterCrashTests(ITestOutputHelper output)
{
    enum Act
    {
        Append,
        Commit,
        Sign,
        Publish,
    }

    sealed record Life((Act Act, int Count)[] Acts, int StepsToLive, bool Power, int Seed);

    static readonly Gen<Life> Lives =
        from acts in Gen.Select(
            Gen.Frequency((4, Gen.Const(Act.Append)), (3, Gen.Const(Act.Commit)), (1, Gen.Const(Act.Sign)), (3, Gen.Const(Act.Publish))),
            Gen.OneOf(Gen.Int[1, 5], Gen.Int[1, 300], Gen.Int[200, 900])).Array[4, 20]
        from steps in Gen.OneOf(Gen.Int[0, 60], Gen.Int[0, 300])
        from power in Gen.Bool
        from seed in Gen.Int[0, 1_000_000]
        select new Life(acts, steps, power, seed);

    [Fact]
    public void A_writer_that_is_killed_anywhere_never_shows_two_roots_for_one_size()
    {
        var (kills, power, where) = (0, 0, new HashSet<LogStep>());
        Lives.Array[2, 6].Sample(
            lives =>
            {
                using var folder = new LogFolder(memory: true);
                var city = new City(folder);
                foreach (var life in lives)
                {
                    var disk = city.Live(life.Acts, life.StepsToLive, life.Power, life.Seed);
                    if (!disk.Killed)
                        continue;
                    lock (where)
                    {
                        kills++;
                        power += life.Power ? 1 : 0;
                        where.Add(disk.DiedAt);
                    }
                }

                city.Settle();
            },
            iter: 100);
        output.WriteLine($"{kills} kills, {power} with the power lost, at {string.Join(", ", where.Order())}");
        Assert.True(kills >= 150, $"{kills}");
        Assert.True(where.Count >= 8, $"{where.Count}");
    }

    [Fact]
    public void A_commit_that_fills_a_tile_of_the_second_level_can_be_killed_anywhere()
    {
        using var grown = new LogFolder(memory: true);
        (Act, int)[] before = [(Act.Append, 65_500), (Act.Publish, 0), (Act.Append, 20), (Act.Publish, 0)], acts = [(Act.Append, 300), (Act.Publish, 0)];
        var story = new City(grown);
        story.Live(before, int.MaxValue, false, 0);
        var steps = 0;
        for (var kill = 0; ; kill += 7)
        {
            using var folder = new LogFolder(memory: true);
            Copy(grown.Path, folder.Path);
            var city = story.In(folder);
            var disk = city.Live(acts, kill, true, kill);
            if (!disk.Killed)
                break;
            steps++;
            city.Settle();
        }

        output.WriteLine($"{steps} steps");
        Assert.True(steps > 15, $"{steps}");
    }

    static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target) ?? to);
            File.Copy(file, target);
        }
    }

    /// <summary>Who uses the log: knows what it was told to be durable, and every checkpoint that anybody may have seen.</summary>
    sealed class City(LogFolder folder)
    {
        readonly List<byte[]> leaves = [], gmLeaves = [];
        readonly Dictionary<(string, long), byte[]> seen = [];
        long durable, lives;

        public City In(LogFolder copy)
        {
            var city = new City(copy) { durable = durable, lives = lives };
            city.leaves.AddRange(leaves);
            city.gmLeaves.AddRange(gmLeaves);
            foreach (var (place, root) in seen)
                city.seen.Add(place, root);
            return city;
        }

        public FailingDisk Live((Act Act, int Count)[] acts, int stepsToLive, bool power, int seed)
        {
            lives++;
            var disk = new FailingDisk(folder.Path, seed, stepsToLive);
            try
            {
                using var writer = folder.Open(step: disk.Step);
                Assert.True(writer.Size >= durable, $"{durable} entries were durable; now there are {writer.Size}.");
                // Nobody has promised more than what is durable: from there on it is another story.
                leaves.RemoveRange((int)writer.Size, leaves.Count - (int)writer.Size);
                gmLeaves.RemoveRange((int)writer.Size, gmLeaves.Count - (int)writer.Size);
                durable = writer.Size;
                foreach (var (act, count) in acts)
                    Do(writer, act, count);
            }
            catch (KilledException)
            {
            }

            // A reader may have seen what lies there now, before the power failed.
            foreach (var tree in (LogTree[])[LogFolder.Tree, LogFolder.GmTree])
            {
                if (folder.Checkpoint(tree) is { } checkpoint)
                    See(checkpoint);
            }

            if (power)
                disk.LosePower();
            return disk;
        }

        /// <summary>Opens without a failure: everything that was seen can be proven, and what is published is whole.</summary>
        public void Settle()
        {
            Live([(Act.Append, 1), (Act.Publish, 0)], int.MaxValue, false, 0);
            foreach (var tree in (LogTree[])[LogFolder.Tree, LogFolder.GmTree])
            {
                var read = folder.Read(tree);
                var own = tree == LogFolder.Tree ? leaves : gmLeaves;
                Assert.Equal(own.Count, read.Size);
                for (var i = 0; i < own.Count; i += 1 + own.Count / 200)
                    Assert.Equal(own[i], read.LeafHash(i));
                foreach (var ((origin, size), root) in seen)
                {
                    if (origin != tree.Origin)
                        continue;
                    Assert.Equal(root, read.Root(size));
                    if (size > 0)
                        Assert.True(MerkleTree.VerifyConsistency(tree.Hash, size, root, read.Size, read.Root(read.Size), read.Consistency(size, read.Size)));
                }
            }

            var files = new FolderTileSource(folder.Path);
            for (var i = 0; i < leaves.Count; i += 256)
            {
                var width = Math.Min(256, leaves.Count - i);
                var bundle = files.ReadAtLeast(TilePath.Bundle(i / 256, width));
                Assert.NotNull(bundle);
                Assert.Equal(leaves.Skip(i).Take(width), EntryBundle.Read(bundle, width).Select(entry => MerkleTree.LeafHash(HashFunctions.Sha256, entry)));
            }
        }

        void Do(LogWriter writer, Act act, int count)
        {
            switch (act)
            {
                case Act.Append:
                    Append(writer, count);
                    break;
                case Act.Commit:
                    writer.Commit();
                    durable = writer.Size;
                    break;
                case Act.Sign:
                    foreach (var note in writer.Sign(LogFolder.Signer, LogFolder.GmSigner))
                        See(Checkpoint.Parse(note.Text));
                    break;
                default:
                    foreach (var note in writer.Publish(LogFolder.Signer, LogFolder.GmSigner))
                        See(Checkpoint.Parse(note.Text));
                    break;
            }
        }

        void Append(LogWriter? writer, int count)
        {
            for (var i = 0; i < count; i++)
            {
                var entry = new byte[16];
                BinaryPrimitives.WriteInt64BigEndian(entry, leaves.Count);
                BinaryPrimitives.WriteInt64BigEndian(entry.AsSpan(8), lives);
                writer?.Append(entry);
                leaves.Add(MerkleTree.LeafHash(HashFunctions.Sha256, entry));
                gmLeaves.Add(MerkleTree.LeafHash(HashFunctions.Sm3, entry));
            }
        }

        void See(Checkpoint checkpoint)
        {
            durable = Math.Max(durable, checkpoint.Size);
            if (!seen.TryAdd((checkpoint.Origin, checkpoint.Size), checkpoint.Root))
                Assert.Equal(seen[(checkpoint.Origin, checkpoint.Size)], checkpoint.Root);
        }
    }
}

using System.Diagnostics;
using CityHub.Crypto;

namespace CityHub.Bench.Ledger;

/// <summary>How often a second one core does it, the median of the rounds.</summary>
public readonly record struct CryptoFigure(string What, double PerSecond)
{
    public override string ToString() => FormattableString.Invariant($"{What,-24} {PerSecond,12:0} /s {1e6 / PerSecond,10:0.00} µs");
}

/// <summary>What the ledger pays for each node of a tree and for each signature of a checkpoint.</summary>
public static class CryptoBench
{
    private const int Rounds = 5;

    /// <summary>A checkpoint with a cosignature's header is about this long.</summary>
    private const int CheckpointSize = 150;

    /// <param name="each">Time for one figure; 0.5 s gives figures that repeat to a few per cent on a quiet machine.</param>
    public static IReadOnlyList<CryptoFigure> Run(TimeSpan each) =>
    [
        TreeNode(HashFunctions.Sha256, each),
        TreeNode(HashFunctions.Sm3, each),
        Entry(HashFunctions.Sha256, each),
        Entry(HashFunctions.Sm3, each),
        .. Signature(SignatureAlgorithm.Ed25519, each),
        .. Signature(SignatureAlgorithm.Sm2, each),
        .. Signature(SignatureAlgorithm.MlDsa44, each),
    ];

    /// <summary>One node: 01 and two hashes, 65 bytes.</summary>
    public static CryptoFigure TreeNode(HashFunction hash, TimeSpan each)
    {
        var node = new byte[1 + 2 * HashFunction.Size];
        node[0] = 1;
        // Each node goes into the next one, so that nothing can be left out.
        return Measure($"{hash.Name} node", each, () => hash.Hash(node, node.AsSpan(1)));
    }

    /// <summary>One leaf: 00 and an entry of 256 bytes.</summary>
    public static CryptoFigure Entry(HashFunction hash, TimeSpan each)
    {
        var leaf = new byte[1 + 256];
        return Measure($"{hash.Name} leaf of 256 B", each, () => hash.Hash(leaf, leaf.AsSpan(1)));
    }

    public static IReadOnlyList<CryptoFigure> Signature(SignatureAlgorithm algorithm, TimeSpan each)
    {
        var secret = new byte[SigningKeys.SecretSize];
        secret[^1] = 7;
        using var key = SigningKeys.FromSecret(algorithm, secret);
        var message = new byte[CheckpointSize];
        var signature = key.Sign(message);
        var publicKey = key.Public.Bytes;
        var good = true;
        IReadOnlyList<CryptoFigure> figures =
        [
            Measure($"{algorithm.Word()} sign", each, () =>
            {
                message[0]++;
                signature = key.Sign(message);
            }),
            Measure($"{algorithm.Word()} verify", each, () => good &= key.Public.Verify(message, signature)),
            Measure($"{algorithm.Word()} read key", each, () => VerificationKeys.Parse(algorithm, publicKey.Span)),
        ];
        return good ? figures : throw new InvalidOperationException($"A signature of {algorithm.Word()} was refused.");
    }

    private static CryptoFigure Measure(string what, TimeSpan each, Action once)
    {
        // Warm, and how many fit into a hundredth of a round.
        var batch = 1;
        while (Time(once, batch) < each / Rounds / 100)
            batch *= 2;

        var rates = new double[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            var (done, begun) = (0L, Stopwatch.GetTimestamp());
            TimeSpan taken;
            do
            {
                for (var i = 0; i < batch; i++)
                    once();
                done += batch;
                taken = Stopwatch.GetElapsedTime(begun);
            }
            while (taken < each / Rounds);
            rates[round] = done / taken.TotalSeconds;
        }

        Array.Sort(rates);
        return new CryptoFigure(what, rates[Rounds / 2]);
    }

    private static TimeSpan Time(Action once, int times)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var i = 0; i < times; i++)
            once();
        return Stopwatch.GetElapsedTime(begun);
    }
}

using Org.BouncyCastle.Crypto.Digests;

namespace CityHub.Crypto;

internal sealed class Sm3Function : HashFunction
{
    [ThreadStatic] private static SM3Digest? digest;

    public override string Name => "SM3";

    public override void Hash(ReadOnlySpan<byte> data, Span<byte> into) => Hash(data, default, into);

    public override void Hash(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> into)
    {
        var mine = digest ??= new SM3Digest();
        mine.BlockUpdate(a);
        mine.BlockUpdate(b);
        mine.DoFinal(into[..Size]);
    }

    public override RunningHash Start() => new Running();

    private sealed class Running : RunningHash
    {
        private readonly SM3Digest hash = new();

        public override void Append(ReadOnlySpan<byte> data) => hash.BlockUpdate(data);

        public override void Finish(Span<byte> into) => hash.DoFinal(into[..Size]);

        public override void Dispose() => hash.Reset();
    }
}

using System.Security.Cryptography;

namespace CityHub.Crypto;

internal sealed class Sha256Function : HashFunction
{
    public override string Name => "SHA-256";

    public override void Hash(ReadOnlySpan<byte> data, Span<byte> into) => SHA256.HashData(data, into[..Size]);

    public override RunningHash Start() => new Running();

    private sealed class Running : RunningHash
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public override void Append(ReadOnlySpan<byte> data) => hash.AppendData(data);

        public override void Finish(Span<byte> into) => hash.GetHashAndReset(into[..Size]);

        public override void Dispose() => hash.Dispose();
    }
}

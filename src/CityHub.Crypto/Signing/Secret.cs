using System.Security.Cryptography;

namespace CityHub.Crypto;

/// <summary>The private part of a key: in one place that the collector does not move, zeroed when it is no longer needed, and in no text.</summary>
internal sealed class Secret : IDisposable
{
    private readonly byte[] bytes;
    private bool disposed;

    public Secret(ReadOnlySpan<byte> from)
    {
        bytes = GC.AllocateUninitializedArray<byte>(from.Length, pinned: true);
        from.CopyTo(bytes);
    }

    /// <summary>For the library that signs, never for a caller outside.</summary>
    public byte[] Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(ISigningKey));
            return bytes;
        }
    }

    public void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(bytes);
    }

    public override string ToString() => "(secret)";
}

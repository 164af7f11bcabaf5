namespace CityHub.Crypto;

/// <summary>A hash function of 32 bytes: what trees, commitments and tags are made with. Safe for many threads at once.</summary>
public abstract class HashFunction
{
    public const int Size = 32;

    /// <summary>Above this the parts are fed one after another instead of being put together on the stack.</summary>
    private const int OnStack = 512;

    private protected HashFunction()
    {
    }

    public abstract string Name { get; }

    /// <summary>The first 32 bytes of <paramref name="into"/> become the hash of <paramref name="data"/>; the two may overlap.</summary>
    public abstract void Hash(ReadOnlySpan<byte> data, Span<byte> into);

    /// <summary>The hash of two parts one after the other, e.g. a prefix and what it stands before.</summary>
    public virtual void Hash(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> into)
    {
        if (a.Length + b.Length <= OnStack)
        {
            Span<byte> whole = stackalloc byte[OnStack];
            a.CopyTo(whole);
            b.CopyTo(whole[a.Length..]);
            Hash(whole[..(a.Length + b.Length)], into);
            return;
        }

        using var running = Start();
        running.Append(a);
        running.Append(b);
        running.Finish(into);
    }

    public byte[] Hash(ReadOnlySpan<byte> data)
    {
        var hash = new byte[Size];
        Hash(data, hash);
        return hash;
    }

    /// <summary>For data that comes in pieces.</summary>
    public abstract RunningHash Start();

    public sealed override string ToString() => Name;
}

/// <summary>A hash that is being computed; belongs to one thread.</summary>
public abstract class RunningHash : IDisposable
{
    private protected RunningHash()
    {
    }

    public abstract void Append(ReadOnlySpan<byte> data);

    /// <summary>Writes the 32 bytes and starts anew.</summary>
    public abstract void Finish(Span<byte> into);

    public abstract void Dispose();
}

public static class HashFunctions
{
    /// <summary>FIPS 180-4. The processor's own instructions through the platform: 2 million tree nodes a second and core.</summary>
    public static HashFunction Sha256 { get; } = new Sha256Function();

    /// <summary>GB/T 32905.</summary>
    public static HashFunction Sm3 { get; } = new Sm3Function();
}

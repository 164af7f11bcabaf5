using System.Buffers.Binary;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>Signs notes with a key that stays where it is.</summary>
public sealed class NoteSigner
{
    private readonly ISigningKey key;
    private readonly TimeProvider clock;

    /// <exception cref="ArgumentException">The name cannot stand in a signature line, or the key is of another algorithm than the type.</exception>
    public NoteSigner(string name, NoteKeyType type, ISigningKey key, TimeProvider clock)
    {
        Verifier = VerifierKey.Of(name, type, key.Public);
        this.key = key;
        this.clock = clock;
    }

    /// <summary>What others check the signatures with.</summary>
    public VerifierKey Verifier { get; }

    public NoteSignature Sign(string text) => Sign(text, earliest: 0);

    /// <param name="earliest">A cosignature is not older than this, so that a clock that was set back does not make a later statement look earlier.</param>
    public NoteSignature Sign(string text, long earliest)
    {
        var time = Math.Max(clock.GetUtcNow().ToUnixTimeSeconds(), earliest);
        if (!NoteMessage.TryMake(Verifier.Type, Verifier.Name, Encoding.UTF8.GetBytes(text), time, out var message, out var why))
            throw new ArgumentException(why, nameof(text));
        var signature = key.Sign(message);
        if (!Verifier.Type.IsCosignature())
            return new NoteSignature(Verifier.Name, Verifier.KeyId, signature);
        var timed = new byte[8 + signature.Length];
        BinaryPrimitives.WriteInt64BigEndian(timed, time);
        signature.CopyTo(timed, 8);
        return new NoteSignature(Verifier.Name, Verifier.KeyId, timed);
    }
}

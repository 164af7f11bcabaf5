using System.Buffers.Text;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>
/// The same value becomes the same text (base64url), which the key alone turns back: SIV (RFC 5297) with AES-256 or SM4, bound to scope and identity. Equality and length show, so that a
/// frequent value is recognised by how often it comes; nothing else does, and a changed text is refused.
/// </summary>
public sealed class DeterministicEncryption(string column, string identity, KeyUse key, bool back = false) : ValueTransform(column)
{
    internal const string Word = "deterministic-encryption";

    /// <summary>What the column identifies: the same word in all tables that are to be joined.</summary>
    public string Identity { get; } = identity;

    public KeyUse Key { get; } = key;

    /// <summary>Whether it decrypts.</summary>
    public bool Back { get; } = back;

    public override string Kind => Word;

    public override Transform Inverse() => new DeterministicEncryption(Column, Identity, Key, !Back);

    private protected override ValueFunction Start(TransformContext context)
    {
        var header = context.NeedScope(Word).Bytes(Identity);
        var cipher = BlockCiphers.Of(Key.Suite);
        using var mac = Key.Derive(Word, context, "mac"u8);
        using var counter = Key.Derive(Word, context, "counter"u8);
        var siv = new Siv(context.Own(mac.Open(cipher)), context.Own(counter.Open(cipher)));
        if (!Back)
            return value => Base64Url.EncodeToString(siv.Seal(header, Encoding.UTF8.GetBytes(value)));
        return value => (Base64Url.IsValid(value) ? siv.Open(header, Base64Url.DecodeFromChars(value)) : null) is { } text
            ? Encoding.UTF8.GetString(text)
            : throw Unusable("A value was not encrypted with this key for this scope and identity.", "Take key version, dataset, purpose and receiver of the release it came with.", Column);
    }

    internal override void Write(ParameterWriter into)
    {
        Key.Write(into.Add("column", Column).Add("identity", Identity));
        into.Add("back", Back);
    }

    internal static Transform Read(ParameterReader from) => new DeterministicEncryption(from.Text("column"), from.Text("identity"), KeyUse.Read(from), from.Bool("back"));
}

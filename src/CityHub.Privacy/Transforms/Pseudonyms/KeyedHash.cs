using System.Text;
using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>
/// A keyed hash of 64 hexadecimal letters, without a scope: whoever gets two releases made with the same key can join them. For joins between parties that agreed on the key; a release gets
/// <see cref="KeyedPseudonym"/>. Never a hash without a key: the domain of ID numbers and telephones is tried out within minutes.
/// </summary>
public sealed class KeyedHash(string column, KeyUse key) : ValueTransform(column)
{
    internal const string Word = "keyed-hash";

    public KeyUse Key { get; } = key;

    public override string Kind => Word;

    private protected override ValueFunction Start(TransformContext context)
    {
        var key = context.Own(Key.Derive(Word, context, default));
        return value => Convert.ToHexStringLower(Tag(key, Key.Suite.Mac, value));
    }

    internal override void Write(ParameterWriter into) => Key.Write(into.Add("column", Column));

    internal static Transform Read(ParameterReader from) => new KeyedHash(from.Text("column"), KeyUse.Read(from));

    internal static byte[] Tag(ISecretKey key, MacFunction mac, string value)
    {
        var tag = new byte[MacFunction.Size];
        key.Mac(mac, Encoding.UTF8.GetBytes(value), tag);
        return tag;
    }
}

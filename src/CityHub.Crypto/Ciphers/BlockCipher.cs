using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace CityHub.Crypto;

/// <summary>A block cipher with blocks of 16 bytes: what modes such as <see cref="Ff1"/> and <see cref="Siv"/> are built on. By itself it hides nothing of a text that is longer or repeated.</summary>
public abstract class BlockCipher
{
    public const int BlockSize = 16;

    private protected BlockCipher(string name, int keySize) => (Name, KeySize) = (name, keySize);

    public string Name { get; }

    /// <summary>In bytes.</summary>
    public int KeySize { get; }

    /// <summary>A handle on a key of <see cref="KeySize"/> bytes, which are copied.</summary>
    public IBlockKey Open(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeySize)
            throw new ArgumentException(FormattableString.Invariant($"A key of {Name} has {KeySize} bytes, this one has {key.Length}."), nameof(key));
        return OpenChecked(key);
    }

    public sealed override string ToString() => Name;

    private protected abstract IBlockKey OpenChecked(ReadOnlySpan<byte> key);
}

/// <summary>A handle on the key of a block cipher. It belongs to one thread; disposing it forgets the key.</summary>
public interface IBlockKey : IDisposable
{
    BlockCipher Cipher { get; }

    /// <summary>Each block of 16 bytes for itself; <paramref name="into"/> may be the same memory as <paramref name="blocks"/>.</summary>
    void Encrypt(ReadOnlySpan<byte> blocks, Span<byte> into);

    /// <inheritdoc cref="Encrypt"/>
    void Decrypt(ReadOnlySpan<byte> blocks, Span<byte> into);
}

public static class BlockCiphers
{
    /// <summary>FIPS 197, through the platform.</summary>
    public static BlockCipher Aes128 { get; } = new AesCipher(16);

    /// <inheritdoc cref="Aes128"/>
    public static BlockCipher Aes192 { get; } = new AesCipher(24);

    /// <inheritdoc cref="Aes128"/>
    public static BlockCipher Aes256 { get; } = new AesCipher(32);

    /// <summary>GB/T 32907, ISO/IEC 18033-3.</summary>
    public static BlockCipher Sm4 { get; } = new Sm4Cipher();

    /// <summary>The cipher that belongs to a suite: AES-256 to <c>intl</c>, SM4 to <c>gm</c>.</summary>
    public static BlockCipher Of(CryptoSuite suite) => suite == CryptoSuite.Gm ? Sm4 : Aes256;

    private sealed class AesCipher(int keySize) : BlockCipher(FormattableString.Invariant($"AES-{keySize * 8}"), keySize)
    {
        private protected override IBlockKey OpenChecked(ReadOnlySpan<byte> key)
        {
            var aes = Aes.Create();
            aes.SetKey(key);
            return new AesKey(this, aes);
        }
    }

    /// <summary>A single block goes through an encryptor that lives as long as the key: the platform's one-shot call sets up a context each time, ten times as long as the block takes.</summary>
    private sealed class AesKey(BlockCipher cipher, Aes aes) : IBlockKey
    {
        private readonly byte[] from = new byte[BlockCipher.BlockSize], to = new byte[BlockCipher.BlockSize];
        private ICryptoTransform? encryptor;

        public BlockCipher Cipher => cipher;

        public void Encrypt(ReadOnlySpan<byte> blocks, Span<byte> into)
        {
            if (blocks.Length != BlockCipher.BlockSize)
            {
                aes.EncryptEcb(blocks, into, PaddingMode.None);
                return;
            }

            if (encryptor is null)
            {
                (aes.Mode, aes.Padding) = (CipherMode.ECB, PaddingMode.None);
                encryptor = aes.CreateEncryptor();
            }

            blocks.CopyTo(from);
            encryptor.TransformBlock(from, 0, from.Length, to, 0);
            to.CopyTo(into);
        }

        public void Decrypt(ReadOnlySpan<byte> blocks, Span<byte> into) => aes.DecryptEcb(blocks, into, PaddingMode.None);

        public void Dispose()
        {
            encryptor?.Dispose();
            aes.Dispose();
            CryptographicOperations.ZeroMemory(from);
            CryptographicOperations.ZeroMemory(to);
        }

        public override string ToString() => $"a key of {cipher}";
    }

    private sealed class Sm4Cipher() : BlockCipher("SM4", 16)
    {
        private protected override IBlockKey OpenChecked(ReadOnlySpan<byte> key) => new Sm4Key(key);
    }

    /// <summary>The library expands a key for one direction at a time and cannot be made to zero it; the handle lets go of it.</summary>
    private sealed class Sm4Key : IBlockKey
    {
        private readonly Secret secret;
        private SM4Engine? encrypting, decrypting;
        private bool disposed;

        public Sm4Key(ReadOnlySpan<byte> key) => secret = new Secret(key);

        public BlockCipher Cipher => Sm4;

        public void Encrypt(ReadOnlySpan<byte> blocks, Span<byte> into) => Each(encrypting ??= Start(forEncryption: true), blocks, into);

        public void Decrypt(ReadOnlySpan<byte> blocks, Span<byte> into) => Each(decrypting ??= Start(forEncryption: false), blocks, into);

        public void Dispose()
        {
            (disposed, encrypting, decrypting) = (true, null, null);
            secret.Dispose();
        }

        public override string ToString() => "a key of SM4";

        private void Each(SM4Engine engine, ReadOnlySpan<byte> blocks, Span<byte> into)
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(IBlockKey));
            if (blocks.Length % BlockCipher.BlockSize != 0)
                throw new ArgumentException("Whole blocks of 16 bytes are needed.", nameof(blocks));
            for (var at = 0; at < blocks.Length; at += BlockCipher.BlockSize)
                engine.ProcessBlock(blocks[at..], into[at..]);
        }

        private SM4Engine Start(bool forEncryption)
        {
            var engine = new SM4Engine();
            engine.Init(forEncryption, new KeyParameter(secret.Bytes));
            return engine;
        }
    }
}

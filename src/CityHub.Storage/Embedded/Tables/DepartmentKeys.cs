using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Tables;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>
/// The keys of departments, in memory alone and only while unlocked: AES-256-GCM around the data keys, the department's name beside as what is authenticated
/// (NIST SP 800-38D), so that one department's key never opens what is another's. Safe for threads.
/// </summary>
public sealed class DepartmentKeys : IDataKeys, IDisposable
{
    public const int KeyBytes = 32;

    const int NonceBytes = 12;
    const int TagBytes = 16;

    readonly Lock _gate = new();
    readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    readonly Action<byte[]> _entropy;

    /// <param name="entropy">Fills a buffer with what nobody can guess: nonces.</param>
    public DepartmentKeys(Action<byte[]>? entropy = null) => _entropy = entropy ?? (static bytes => RandomNumberGenerator.Fill(bytes));

    /// <summary>A department's data is out of reach from now on: who keeps something of it in memory forgets it.</summary>
    internal event Action<string>? Locked;

    /// <param name="key">256 bits; copied, so that the caller can zero his.</param>
    public void Unlock(string department, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes, nameof(key));
        var held = new Held(key);
        bool other;
        lock (_gate)
        {
            other = _held.Remove(department, out Held? before) && !before.Same(key);
            before?.Dispose();
            _held.Add(department, held);
        }

        if (other)
        {
            Locked?.Invoke(department); // What the key before opened is not opened by this one.
        }
    }

    public void Lock(string department)
    {
        lock (_gate)
        {
            if (_held.Remove(department, out Held? held))
            {
                held.Dispose();
            }
        }

        Locked?.Invoke(department);
    }

    public bool Unlocked(string department)
    {
        lock (_gate)
        {
            return _held.ContainsKey(department);
        }
    }

    public byte[]? Wrap(string department, ReadOnlySpan<byte> dataKey)
    {
        byte[] nonce = new byte[NonceBytes];
        _entropy(nonce);
        byte[] wrapped = new byte[NonceBytes + dataKey.Length + TagBytes];
        nonce.CopyTo(wrapped, 0);
        lock (_gate)
        {
            if (!_held.TryGetValue(department, out Held? held))
            {
                return null;
            }

            held.Aes.Encrypt(nonce, dataKey, wrapped.AsSpan(NonceBytes, dataKey.Length), wrapped.AsSpan(NonceBytes + dataKey.Length), Beside(department));
            return wrapped;
        }
    }

    /// <summary>Null also where the key at hand is not the one it was wrapped under.</summary>
    public byte[]? Unwrap(string department, ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        byte[] dataKey = GC.AllocateUninitializedArray<byte>(wrapped.Length - NonceBytes - TagBytes, pinned: true);
        lock (_gate)
        {
            if (!_held.TryGetValue(department, out Held? held))
            {
                return null;
            }

            try
            {
                held.Aes.Decrypt(wrapped[..NonceBytes], wrapped[NonceBytes..^TagBytes], wrapped[^TagBytes..], dataKey, Beside(department));
                return dataKey;
            }
            catch (AuthenticationTagMismatchException)
            {
                return null;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (Held held in _held.Values)
            {
                held.Dispose();
            }

            _held.Clear();
        }
    }

    static byte[] Beside(string department) => Encoding.UTF8.GetBytes("CityHub data key\n" + department);

    sealed class Held : IDisposable
    {
        readonly byte[] _key = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);

        public Held(ReadOnlySpan<byte> key)
        {
            key.CopyTo(_key);
            Aes = new AesGcm(_key, TagBytes);
        }

        public AesGcm Aes { get; }

        public bool Same(ReadOnlySpan<byte> key) => CryptographicOperations.FixedTimeEquals(_key, key);

        public void Dispose()
        {
            CryptographicOperations.ZeroMemory(_key);
            Aes.Dispose();
        }
    }
}

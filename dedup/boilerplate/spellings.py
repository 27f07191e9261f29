"""The spellings in which one word is met: accents left out, letters of two alphabets, capitals of Turkish.

Folding puts one character for one, so that places in folded text are places in the original. Texts and patterns are
folded alike before they meet; cues are not, because kernels read the text as it is, so a cue is looked for in
every one of its spellings.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

# Traditional characters, and the simplified ones for them, of words that boilerplate is made of.
_TRADITIONAL: Final = (
    "編輯責審記報導來轉載請務經權許複製違聲僅參觀點證內閱讀關閉開啟繼續擊鏈連結訂電郵訊號碼掃獲視頻圖攝資聯繫時處刪應該條約書"
    "國灣環華線論評發個帳戶冊錄認賣買廣薦熱門專題欄業際團隊問單們這為與從將會還無後對長東風陽飛馬鳥魚龍萬億陸軍術動財貿議據護"
    "隱協員級學習醫藥險質價錢額節課訪談說話語詞譯體現場實驗檢測標準變張畫簡館藝選擇設備類別車輛農縣鄉鎮區鐵產幣貨銷費貸債損負"
    "擔確慮決則規範構組織總監劇劃見聽聞讓給過進運遠達邊適遞遊戲歡樂讚賞樓層積極獎勵贏輸賽雙飲飯數庫網絡頁鍵盤盜鏡頭曉麗傳釋義"
    "繪濟銀態勢壓縮屬誤須並於當爾歷衛衝獨輪換簽諮詢諾貝維優盡營幫蘋餘願鄭順顯嗎嘗試徵稱鎖鐘羅韓蘭龐紐歐葉針蓋豐滿榮譽獻筆陳劉"
    "孫趙楊黃吳鄧馮盧蔣賈鄒謝採匯頒諒絕辦廠誌雜講紙絲兩嚴舉麼爭虧眾償興寫鳳創響囑壞壇尋歲師異強歸執搶掛撈斷暫機槍樣檔橋毀氣沒"
    "洩瀏溫煙暢癬禮種籌糾紅紛練細終紹統績綜罰臉騰裝覽覺計討識詐訴診誠詳調謹購貼賠趕蹤鄰錯間隨頂項顧頌領餅饋騙黨齊齒龜廳廢彈"
    "徑憲懷擴櫃殺滅濃災牆瑪稅穩窮縱聖職膽舊艦莊萊蝦補觸誇貓躍輕辭鋼閃難靈靜韻飄驚鹽麥齡"
)
_SIMPLIFIED: Final = (
    "编辑责审记报导来转载请务经权许复制违声仅参观点证内阅读关闭开启继续击链连结订电邮讯号码扫获视频图摄资联系时处删应该条约书"
    "国湾环华线论评发个账户册录认卖买广荐热门专题栏业际团队问单们这为与从将会还无后对长东风阳飞马鸟鱼龙万亿陆军术动财贸议据护"
    "隐协员级学习医药险质价钱额节课访谈说话语词译体现场实验检测标准变张画简馆艺选择设备类别车辆农县乡镇区铁产币货销费贷债损负"
    "担确虑决则规范构组织总监剧划见听闻让给过进运远达边适递游戏欢乐赞赏楼层积极奖励赢输赛双饮饭数库网络页键盘盗镜头晓丽传释义"
    "绘济银态势压缩属误须并于当尔历卫冲独轮换签咨询诺贝维优尽营帮苹余愿郑顺显吗尝试征称锁钟罗韩兰庞纽欧叶针盖丰满荣誉献笔陈刘"
    "孙赵杨黄吴邓冯卢蒋贾邹谢采汇颁谅绝办厂志杂讲纸丝两严举么争亏众偿兴写凤创响嘱坏坛寻岁师异强归执抢挂捞断暂机枪样档桥毁气没"
    "泄浏温烟畅癣礼种筹纠红纷练细终绍统绩综罚脸腾装览觉计讨识诈诉诊诚详调谨购贴赔赶踪邻错间随顶项顾颂领饼馈骗党齐齿龟厅废弹"
    "径宪怀扩柜杀灭浓灾墙玛税稳穷纵圣职胆旧舰庄莱虾补触夸猫跃轻辞钢闪难灵静韵飘惊盐麦龄"
)
# Those that words are seldom written with where the other one is meant: folded, but not looked for.
_SELDOM: Final = (
    "臺佈錶纔係曆贊彙註賬帐着幹裡復裏説爲衆啓羣峯録髮鬆鬥覆眞顔",
    "台布表才系历赞汇注账账著干里复里说为众启群峰录发松斗复真颜",
)

_GREEK: Final = "ΐΰάέήίόύώϊϋΆΈΉΊΌΎΏΪΫ", "ιυαεηιουωιυΑΕΗΙΟΥΩΙΥ"
_ARABIC: Final = "\u0623\u0625\u0622\u0671\u0649\u06cc\u06a9", "\u0627\u0627\u0627\u0627\u064a\u064a\u0643"
_RUSSIAN: Final = "ёЁ", "еЕ"
_TURKISH: Final = "ıİ", "iI"

FOLDS: Final[dict[int, int]] = {
    ord(old): ord(new)
    for olds, news in (_GREEK, _ARABIC, _RUSSIAN, _TURKISH, _SELDOM, (_TRADITIONAL, _SIMPLIFIED))
    for old, new in zip(olds, news, strict=True)
}
"""A character, and the one that texts and patterns have in its place."""

_UNFOLD_CHINESE: Final = {ord(new): old for old, new in zip(_TRADITIONAL, _SIMPLIFIED, strict=True)}


def fold(text: str) -> str:
    """Give `text` in the one spelling that patterns are tried in, character for character."""
    return text if text.isascii() else text.translate(FOLDS)


def spellings(cue: str, language: str) -> Iterator[str]:
    """Give the forms, in lower case, in which the words of a cue are met, its own first, none of them twice."""
    forms = [cue]
    if not cue.isascii():
        forms += [fold(cue), cue.translate(_UNFOLD_CHINESE)]
    if language == "tr":  # "i" is a capital with a dot, which lower case keeps; without it, it is that of another vowel
        words = cue.split(" ")
        forms += [_lower_turkish_capitals(cue), " ".join(_lower_turkish_title(word) for word in words)]
        forms.append(" ".join([_lower_turkish_title(words[0]), *words[1:]]))
    seen: set[str] = set()
    for form in forms:
        if unicodedata.normalize("NFKD", form) not in seen:
            seen.add(unicodedata.normalize("NFKD", form))
            yield form


def _lower_turkish_capitals(text: str) -> str:
    """Give what lower case makes of a text in Turkish capitals."""
    return text.replace("i", "i\u0307").replace("ı", "i")


def _lower_turkish_title(word: str) -> str:
    at = 1 if word.startswith("^") else 0
    return word[:at] + _lower_turkish_capitals(word[at : at + 1]) + word[at + 1 :]

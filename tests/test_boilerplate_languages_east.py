"""Lines of boilerplate, and of prose like it, composed after the rules of these languages: how many are told apart."""

import pytest

from tests.test_boilerplate import find

LINES = {
    "pl": {
        "wire-credit": ["źródło: PAP / Reuters", "Oprac. Katarzyna Zielińska"],
        "copyright": [
            "© 2017 Radio Północ. Wszelkie prawa zastrzeżone",
            "Kopiowanie i rozpowszechnianie tekstów bez zgody wydawcy jest zabronione.",
        ],
        "legal-disclaimer": ["Niniejszy wpis ma charakter edukacyjny i nie zastępuje wizyty u lekarza."],
        "photo-credit": ["fot. Adam Nowicki", "Zdjęcie: Shutterstock"],
        "newsletter": ["Zapisz się na newsletter i nie przegap żadnej promocji", "Subskrybuj nasz newsletter!"],
        "read-more": ["Czytaj też: Rzeka znów przekroczyła stan alarmowy", "Polecamy również", "Najnowsze artykuły"],
        "share": ["Podziel się tym artykułem na Facebooku", "Obserwuj nas na Instagramie"],
        "cookie": ["Nasza strona korzysta z plików cookies w celach statystycznych."],
        "advert": ["Reklama", "Tekst sponsorowany"],
        "comments": ["Zostaw komentarz", "3 komentarze", "Zaloguj się, aby dodać komentarz"],
        "paywall": ["Ten tekst jest dostępny wyłącznie dla subskrybentów"],
        "author-bio": ["O autorce"],
        "mailing-list": ["Otrzymujesz tę wiadomość, bo jesteś zapisany na listę klubu."],
        "mail-signature": ["Wysłane z iPhone'a"],
    },
    "ru": {
        "wire-credit": ["Источник: РИА Новости", "По материалам Reuters"],
        "copyright": [
            "© 2016 Издательство «Север». Все права защищены.",
            "Полная или частичная перепечатка материалов запрещена без согласия редакции.",
        ],
        "legal-disclaimer": ["Мнение автора может не совпадать с позицией редакции."],
        "photo-credit": ["Фото: Алексей Смирнов / Коммерсантъ", "Фото: пресс-служба мэрии"],
        "newsletter": ["Подпишитесь на рассылку лучших статей недели", "Подписывайтесь на наш Telegram-канал"],
        "read-more": ["Читайте также: Река вышла из берегов", "Другие новости по теме", "Вам может понравиться"],
        "share": ["Поделиться ВКонтакте", "Расскажите друзьям"],
        "cookie": ["Наш сайт использует файлы cookie для улучшения работы и анализа посещений."],
        "advert": ["РЕКЛАМА", "Установите наше приложение"],
        "comments": ["Добавить комментарий", "Комментарии (3)", "Войдите, чтобы оставить комментарий"],
        "paywall": ["Этот текст доступен только по подписке"],
        "author-bio": ["Об авторе: Ольга Крылова преподает в школе."],
        "mailing-list": ["Вы получили это письмо, так как зарегистрированы на нашем форуме."],
        "mail-signature": ["Отправлено с iPad"],
    },
    "el": {
        "wire-credit": ["Πηγή: Deutsche Welle", "ΠΗΓΗ: ΑΠΕ - ΜΠΕ"],
        "copyright": [
            "© 2015 Ραδιόφωνο Βορράς. Με επιφύλαξη παντός δικαιώματος",
            "Απαγορεύεται η αντιγραφή του υλικού χωρίς έγγραφη άδεια.",
        ],
        "legal-disclaimer": ["Το κείμενο έχει ενημερωτικό χαρακτήρα και δεν αποτελεί ιατρική συμβουλή."],
        "photo-credit": ["Φωτογραφία: Νίκος Αντωνίου", "Πηγή φωτογραφίας: Unsplash"],
        "newsletter": ["Γραφτείτε στο newsletter μας και μη χάσετε καμία είδηση"],
        "read-more": ["Διαβάστε ακόμα: Φούσκωσε πάλι το ποτάμι", "Σχετικά θέματα", "ΔΕΙΤΕ ΕΠΙΣΗΣ"],
        "share": ["Κοινοποιήστε το στο Twitter", "Ακολουθήστε μας στο Facebook"],
        "cookie": ["Η σελίδα μας χρησιμοποιεί cookies για να διασφαλίσει την καλύτερη εμπειρία."],
        "advert": ["ΔΙΑΦΗΜΙΣΗ"],
        "comments": ["Γράψτε ένα σχόλιο", "3 σχόλια"],
        "paywall": ["Το περιεχόμενο είναι διαθέσιμο αποκλειστικά σε συνδρομητές"],
        "mailing-list": ["Λάβατε αυτό το μήνυμα επειδή είστε μέλος της λίστας μας."],
        "mail-signature": ["Εστάλη από το iPad μου"],
    },
    "tr": {
        "wire-credit": ["Kaynak: Anadolu Ajansı", "(DHA)"],
        "copyright": ["© 2018 Kuzey Radyo. Tüm hakları saklıdır", "Bu sitedeki yazılar izinsiz kopyalanamaz."],
        "legal-disclaimer": ["Bu yazı bilgilendirme amaçlıdır, yatırım tavsiyesi değildir."],
        "photo-credit": ["Fotoğraf: Mehmet Kaya / AA", "Görsel: Unsplash"],
        "newsletter": ["Haftalık bültenimize kaydolun"],
        "read-more": ["İlgili Haber: Nehir yine taştı", "İLGİLİ HABERLER", "Bunlar da ilginizi çekebilir"],
        "share": ["Twitter'da paylaş", "Bizi Instagram'dan takip edin"],
        "cookie": ["Web sitemizde deneyiminizi geliştirmek için çerez kullanıyoruz."],
        "advert": ["Reklam", "Uygulamamızı hemen indirin"],
        "comments": ["Yorum yaz", "Yorumlar (3)", "İlk yorumu sen yaz"],
        "paywall": ["Bu haber yalnızca abonelere özeldir"],
        "mailing-list": ["Bu mesaj otomatik olarak gönderilmiştir."],
        "mail-signature": ["iPad'imden gönderildi"],
    },
    "ar": {
        "wire-credit": ["المصدر: الأناضول", "(رويترز)"],
        "copyright": ["© 2018 إذاعة الشمال. جميع الحقوق محفوظة", "يمنع اقتباس أي مادة من الموقع دون إذن"],
        "legal-disclaimer": ["الآراء المنشورة تعبر عن أصحابها ولا تعبر بالضرورة عن رأي الصحيفة"],
        "photo-credit": ["الصورة: فرانس برس", "صورة أرشيفية"],
        "newsletter": ["اشترك في نشرتنا البريدية الأسبوعية"],
        "read-more": ["إقرأ أيضا: النهر يفيض مجددا", "أخبار متعلقة", "قد يعجبك أيضا"],
        "share": ["شارك على تويتر", "تابعونا على انستغرام"],
        "cookie": ["يستخدم موقعنا الكوكيز لتحسين تجربة التصفح"],
        "advert": ["إعلان"],
        "comments": ["اكتب تعليقا", "التعليقات (3)"],
        "paywall": ["هذا المقال متاح للمشتركين فقط"],
        "mailing-list": ["تلقيت هذا البريد لأنك مسجل في موقعنا"],
        "mail-signature": ["أرسلت من هاتفي"],
    },
    "zh": {
        "wire-credit": ["责任编辑：赵小兰", "來源：中央社", "（責任編輯：黃志明）"],
        "copyright": ["版权所有 未经书面许可不得转载", "© 2016 北方廣播 版權所有"],
        "repost-disclaimer": ["本文转载自网络，如有侵权请与我们联系删除。", "轉載請註明出處：北方文摘"],
        "legal-disclaimer": ["以上观点仅代表作者个人，不代表本站立场。"],
        "photo-credit": ["图片来源：新京报", "新华社记者 周强 摄"],
        "newsletter": ["扫码关注我们的微信公众号", "訂閱電子報"],
        "read-more": ["延伸阅读：河水再次上涨", "相關新聞", "更多精彩内容请点击"],
        "share": ["分享到：微博 QQ空间", "分享至Facebook"],
        "cookie": ["本网站使用 Cookie，继续浏览即表示您同意我们的使用政策。"],
        "advert": ["广告", "下载客户端，随时看新闻"],
        "comments": ["网友评论", "登录后发表评论", "欢迎留言讨论"],
        "paywall": ["订阅后阅读全文"],
        "author-bio": ["（作者系北方大学历史系教授）"],
        "mailing-list": ["您收到这封邮件是因为您注册了本站。"],
        "mail-signature": ["发自我的iPad"],
    },
    "ja": {
        "wire-credit": ["（時事）", "取材・文：高橋健", "（ロンドン共同）"],
        "copyright": ["記事・画像の無断転載を禁じます", "© 2016 北新聞社 無断複製・転載を禁じます"],
        "repost-disclaimer": ["本記事は「北の暮らし」からの転載です。"],
        "legal-disclaimer": ["※掲載内容は執筆時点の情報です。最新の情報は公式サイトでご確認ください。"],
        "photo-credit": ["写真：高橋健", "撮影／高橋健", "写真はイメージです"],
        "newsletter": ["メルマガに登録する", "ニュースレター登録はこちら"],
        "read-more": ["関連記事：川がまた増水", "続きはこちら", "あわせて読みたい"],
        "share": ["Facebookでシェア", "この記事をツイートする", "LINEで送る"],
        "cookie": ["当社サイトはクッキーを使用します。詳細はプライバシーポリシーをご覧ください。"],
        "advert": ["広告", "アプリをダウンロードする"],
        "comments": ["コメントを書く", "コメント（3）"],
        "paywall": ["この先は会員限定です"],
        "author-bio": ["著者プロフィール"],
        "mailing-list": ["このメールは配信専用です。ご返信いただいてもお答えできません。"],
        "mail-signature": ["iPadから送信"],
    },
    "ko": {
        "wire-credit": ["이민호 기자 minho@example.co.kr", "출처: 뉴시스", "(부산=연합뉴스) 이민호 기자"],
        "copyright": ["ⓒ 북부일보, 무단 전재 및 재배포 금지", "저작권자 ⓒ 북부뉴스 무단전재-재배포 금지"],
        "legal-disclaimer": ["※ 본 칼럼은 필자 개인의 의견으로 본지의 편집방향과 다를 수 있습니다."],
        "photo-credit": ["사진=뉴시스", "[사진 = 북부시 제공]"],
        "newsletter": ["뉴스레터를 구독하세요", "네이버에서 북부일보 구독하기"],
        "read-more": ["[관련기사] 강물 또 불어나", "많이 본 기사", "기사 더보기"],
        "share": ["카카오톡으로 공유하기", "페이스북 트위터 밴드"],
        "cookie": ["저희 웹사이트는 쿠키를 사용합니다. 계속하시면 쿠키 사용에 동의하는 것입니다."],
        "advert": ["광고", "앱을 다운로드하세요"],
        "comments": ["댓글 달기", "댓글 3", "첫 댓글을 작성해 보세요"],
        "paywall": ["유료 회원만 볼 수 있는 기사입니다"],
        "mailing-list": ["본 메일은 발신 전용이므로 회신이 되지 않습니다."],
        "mail-signature": ["나의 아이폰에서 보냄"],
    },
}
"""Language -> category -> lines of it."""

PROSE = {
    "pl": """Most nad rzeką zamknięto w poniedziałek rano, a ruch skierowano przez centrum.
Czytaj powoli, mówiła babcia, bo książka nie zając.
Reklama nie pomogła: w marcu sprzedano tylko dwieście biletów.
Źródło rzeki leży na zboczu, powyżej schroniska.
Komentarz burmistrza był krótki i nikogo nie uspokoił.
Udostępnienie działki kosztowało gminę osiemdziesiąt tysięcy złotych.
Zdjęcia z drona pokazały, że woda podmyła filar.
Newsletter urzędu czyta podobno sto osób.
Więcej pociągów wyjedzie dopiero latem.
Prenumerata drożeje, a nakład spada od dziesięciu lat.""",
    "ru": """Мост через реку закрыли в понедельник утром, движение пустили через центр.
Читать медленно учила его бабушка.
Реклама не помогла: в марте продали двести билетов.
Источник реки находится выше приюта.
Комментарий мэра был кратким и никого не успокоил.
Фото с дрона показали, что вода размыла опору.
Подписка на газету стоила тогда три рубля.
Подробнее всего он описал ночь перед отъездом.
Поделиться хлебом с соседом считалось долгом.
Авторские права на песню принадлежат вдове композитора.""",
    "el": """Η γέφυρα έκλεισε τη Δευτέρα το πρωί και η κίνηση πέρασε από το κέντρο.
Διαβάστε αργά, έλεγε η γιαγιά.
Η διαφήμιση δεν βοήθησε, πουλήθηκαν διακόσια εισιτήρια.
Η πηγή του ποταμού βρίσκεται ψηλότερα.
Το σχόλιο του δημάρχου ήταν σύντομο.
Οι φωτογραφίες από το drone έδειξαν τη ζημιά.
Περισσότερα τρένα θα κινηθούν το καλοκαίρι.
Δείτε πώς αλλάζει το χρώμα, είπε ο δάσκαλος.
Η συνδρομή της εφημερίδας ακρίβυνε πάλι.
Τα δικαιώματα του τραγουδιού ανήκουν στη χήρα του.""",
    "tr": """Köprü pazartesi sabahı kapatıldı ve trafik merkezden geçirildi.
İlgili bakanlık konuyu inceliyor.
Reklam işe yaramadı, martta iki yüz bilet satıldı.
Irmağın kaynağı daha yukarıdadır.
Başkanın yorumu kısaydı ve kimseyi rahatlatmadı.
Fotoğraflar suyun ayağı oyduğunu gösterdi.
Abone sayısı on yıldır düşüyor.
Daha fazla tren ancak yazın çalışacak.
Ekmeğini paylaşmak burada görev sayılırdı.
Şarkının hakları bestecinin eşine ait.""",
    "ar": """أغلق الجسر صباح الاثنين وحولت حركة السير إلى وسط المدينة.
اقرأ ببطء، كانت الجدة تقول.
لم ينفع الإعلان وبيعت مئتا تذكرة في مارس.
مصدر النهر أعلى من الملجأ.
كان تعليق رئيس البلدية قصيرا ولم يطمئن أحدا.
أظهرت الصور أن الماء جرف الدعامة.
المزيد من القطارات ستسير في الصيف.
شارك الخبز مع جارك كما كان يفعل أبوك دائما.
الاشتراك في الجريدة كان رخيصا.
حقوق الأغنية تعود إلى أرملة الملحن.""",
    "zh": """大桥周一早晨封闭，车辆改走市中心。
阅读要慢，祖母常这样说。
广告没有起作用，三月只卖出两百张票。
这条河的来源在山屋上方。
市长的评论很短，没有让任何人安心。
图片显示桥墩已经被水冲空。
更多列车要到夏天才会开行。
分享面包在这里是一种义务。
报纸的订阅价格又涨了。
歌曲的版权属于作曲家的遗孀，她住在南方。
編輯部在三樓，記者多半不在。
責任重大，他一夜沒睡。""",
    "ja": """橋は月曜の朝に閉鎖され、車は中心部を通った。
続きは明日話そう、と祖母は言った。
広告は役に立たず、三月は二百枚しか売れなかった。
川の源は山小屋の上にある。
市長のコメントは短く、誰も安心しなかった。
写真には水が橋脚をえぐった跡が写っていた。
もっと多くの列車が夏に走る。
パンを分け合うのは義務だった。
新聞の購読料がまた上がった。
歌の著作権は作曲家の妻が持っている。
共同で使う井戸が村の中央にあった。""",
    "ko": """다리는 월요일 아침 폐쇄됐고 차량은 도심으로 우회했다.
관련 부처가 조사에 나섰다.
광고는 소용없었고 삼월에는 이백 장만 팔렸다.
강의 발원지는 산장 위에 있다.
시장의 댓글은 짧았고 아무도 안심하지 못했다.
사진에는 물이 교각을 파낸 흔적이 보였다.
더 많은 열차가 여름에 다닌다.
빵을 나누는 것이 이곳의 의무였다.
신문 구독료가 또 올랐다.
노래의 저작권은 작곡가의 아내에게 있다고 한다.
기자는 다시 물었지만 대답이 없었다.""",
}
"""Language -> sentences of a story, with the words of boilerplate in them."""

LEAST_RECALL = 0.9


def put_at_the_end(language: str, line: str) -> str:
    return "\n".join([*PROSE[language].split("\n"), line])


@pytest.mark.parametrize("language", PROSE)
def test_prose_with_the_words_of_boilerplate_is_kept(language: str) -> None:
    """Nothing of a story goes."""
    assert find([PROSE[language]]) == []


@pytest.mark.parametrize("language", LINES)
def test_most_lines_are_found_below_a_story(language: str) -> None:
    """At least nine in ten lines go, under their category but for a few, and the story above them stays."""
    wanted = [(category, line) for category, lines in LINES[language].items() for line in lines]
    hits = find([put_at_the_end(language, line) for _, line in wanted])
    found = {document: rule.split("/")[0] for document, rule, _ in hits}
    assert all(text.strip() == wanted[document][1] for document, _, text in hits)
    missed = [line for document, (_, line) in enumerate(wanted) if document not in found]
    assert len(missed) <= (1 - LEAST_RECALL) * len(wanted), missed
    misnamed = [(line, found[at]) for at, (name, line) in enumerate(wanted) if found.get(at, name) != name]
    assert len(misnamed) <= 0.1 * len(wanted), misnamed
